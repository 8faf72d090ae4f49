import { readFileSync, writeFileSync } from 'node:fs';
import { curvesOf, drawCurves } from './curve.js';
import { MEDIATION_BLOCKS, ROTATION_BLOCKS, resultsFileOf, withFigures } from './page.js';
import type { BenchReport } from './results.js';

/**
 * `npm run bench:page`: brings the figures and the picture of docs/performance.md, and the figures of docs/rotation.md
 * and docs/mediation.md, up to date with the results files that these pages link to.
 */

const PAGE = 'docs/performance.md';
const ROTATION_PAGE = 'docs/rotation.md';
const MEDIATION_PAGE = 'docs/mediation.md';
const page = readFileSync(PAGE, 'utf8');
const report = reportOf(page);
writeFileSync(PAGE, withFigures(page, report));
writeFileSync(ROTATION_PAGE, withFigures(readFileSync(ROTATION_PAGE, 'utf8'), report, ROTATION_BLOCKS));
writeFileSync('docs/issuance-rate.svg', drawCurves(curvesOf(report)));

const mediationPage = readFileSync(MEDIATION_PAGE, 'utf8');
writeFileSync(MEDIATION_PAGE, withFigures(mediationPage, reportOf(mediationPage), MEDIATION_BLOCKS));

function reportOf(text: string): BenchReport {
  return JSON.parse(readFileSync(resultsFileOf(text), 'utf8')) as BenchReport;
}
