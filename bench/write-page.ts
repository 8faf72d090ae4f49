import { readFileSync, writeFileSync } from 'node:fs';
import { curvesOf, drawCurves } from './curve.js';
import { resultsFileOf, withFigures } from './page.js';
import type { BenchReport } from './results.js';

/** `npm run bench:page`: brings the figures and the picture of docs/performance.md up to date with its results file. */

const PAGE = 'docs/performance.md';
const page = readFileSync(PAGE, 'utf8');
const report = JSON.parse(readFileSync(resultsFileOf(page), 'utf8')) as BenchReport;
writeFileSync(PAGE, withFigures(page, report));
writeFileSync('docs/issuance-rate.svg', drawCurves(curvesOf(report)));
