// `npm run controls`: docs/controls.md is made from the map.
import { writeFile } from 'node:fs/promises';
import { controlsPage } from '../../../evidence/controls/page.ts';
import { readControlMap } from './controls.ts';

export const CONTROLS_PAGE = new URL('../../../../docs/controls.md', import.meta.url);

if (import.meta.main) await writeFile(CONTROLS_PAGE, controlsPage(await readControlMap()));
