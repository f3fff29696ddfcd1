// `npm run metrics`: which files are made from the metrics that the services have?
import { readFile, writeFile } from 'node:fs/promises';
import { metricsPage } from './metrics-page.ts';

export const METRICS_PAGE = new URL('../../docs/metrics.md', import.meta.url);

if (import.meta.main) await writeFile(METRICS_PAGE, metricsPage(await readFile(METRICS_PAGE, 'utf8')));
