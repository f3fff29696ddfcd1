// `npm run controls`: the page and the OSCAL component-definition in docs are made from the map.
import { writeFile } from 'node:fs/promises';
import { VERSION } from '../../../base/version.ts';
import { componentDefinition } from '../../../evidence/controls/oscal.ts';
import { controlsPage } from '../../../evidence/controls/page.ts';
import { readControlMap } from './controls.ts';

const DOCS = new URL('../../../../docs/', import.meta.url);
/** When the map was changed last: the same map gives the same bytes. */
const MAP_CHANGED = '2026-11-30T00:00:00Z';

/** File → what stands in it. */
export async function controlsFiles(): Promise<readonly (readonly [URL, string])[]> {
  const map = await readControlMap();
  const component = `${JSON.stringify(componentDefinition(map, VERSION, MAP_CHANGED), null, 2)}\n`;
  return [
    [new URL('controls.md', DOCS), controlsPage(map)],
    [new URL('controls.component.json', DOCS), component],
  ];
}

if (import.meta.main) for (const [file, text] of await controlsFiles()) await writeFile(file, text);
