// `npm run metrics`: which files are made from the metrics that the services have?
import { readFile, writeFile } from 'node:fs/promises';
import type { Service } from '../../src/apps/alert-rules.ts';
import { archiverDashboard } from './archiver.ts';
import { metricsPage } from './metrics-page.ts';
import { verifierDashboard } from './verifier.ts';

export const METRICS_PAGE = new URL('../../docs/metrics.md', import.meta.url);

export const DASHBOARDS: Readonly<Record<Service, { readonly file: URL; text(): string }>> = {
  archiver: { file: new URL('./archiver.json', import.meta.url), text: archiverDashboard },
  verifier: { file: new URL('./verifier.json', import.meta.url), text: verifierDashboard },
};

if (import.meta.main) {
  await writeFile(METRICS_PAGE, metricsPage(await readFile(METRICS_PAGE, 'utf8')));
  for (const { file, text } of Object.values(DASHBOARDS)) await writeFile(file, text());
}
