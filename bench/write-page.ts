import { readFileSync, writeFileSync } from 'node:fs';
import { curvesOf, drawCurves } from './curve.js';
import { ROTATION_BLOCKS, resultsFileOf, withFigures } from './page.js';
import type { BenchReport } from './results.js';

/**
 * `npm run bench:page`: brings the figures and the picture of docs/performance.md, and the figures of docs/rotation.md,
 * up to date with the results file.
 */

const PAGE = 'docs/performance.md';
const ROTATION_PAGE = 'docs/rotation.md';
const page = readFileSync(PAGE, 'utf8');
const report = JSON.parse(readFileSync(resultsFileOf(page), 'utf8')) as BenchReport;
writeFileSync(PAGE, withFigures(page, report));
writeFileSync(ROTATION_PAGE, withFigures(readFileSync(ROTATION_PAGE, 'utf8'), report, ROTATION_BLOCKS));
writeFileSync('docs/issuance-rate.svg', drawCurves(curvesOf(report)));
