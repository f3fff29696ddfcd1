// What does docs/controls.md say of the map?
import type { Control, ControlMap } from './control-map.ts';

const HEAD = `# Controls

Made from [controls.yaml](../src/evidence/controls/controls.yaml) by \`npm run controls\`. \`ledgerstone report controls\` fills in
what shows each of them in an archive ([for compliance](for-compliance.md#controls)).

The words are our own: the standards belong to their owners, and their text is what counts. No row says that a control is met or that
anybody complies with anything: that is an assessor's to say, of an organisation. The rows name only controls that an archive of records
has to do with.
`;

export const controlsPage = ({ frameworks, controls }: ControlMap): string =>
  `${[HEAD, frameworkList(frameworks, controls), ...controls.map((one) => sectionOf(one, frameworks))].join('\n')}`;

/** A list and no table: a formatter of Markdown would pad its columns. */
const frameworkList = (frameworks: ControlMap['frameworks'], controls: readonly Control[]): string =>
  frameworks
    .map(({ id, title }) => {
      const ids = controls.flatMap((control) => control.ids[id] ?? []);
      return `- \`${id}\`, ${title}: ${[...new Set(ids)].join(', ')}\n`;
    })
    .join('');

function sectionOf(
  { name, ids, asks, does, shows, customer }: Control,
  frameworks: ControlMap['frameworks'],
): string {
  const named = frameworks.flatMap(({ id, title }) => {
    const own = ids[id];
    return own === undefined ? [] : [`${title.split(',')[0]}: ${own.join(', ')}`];
  });
  const evidence = shows.length === 0 ? 'nothing here' : shows.map((check) => `\`${check}\``).join(', ');
  return [
    `## ${name}\n`,
    `${named.join(' · ')}\n`,
    `- **Asked:** ${asks}`,
    `- **The product:** ${does}`,
    `- **Shown by:** ${evidence}`,
    ...customer.map((one) => `- **Remains:** ${one}`),
    '',
  ].join('\n');
}
