// How do the map and a report of controls look in OSCAL 1.2, the format of NIST for such things?
import { uuidOfName } from '../../base/uuid.ts';
import type { ControlsReport, ReportedControl } from '../report/controls.ts';
import type { Control, ControlMap, Framework } from './control-map.ts';

const OSCAL_VERSION = '1.2.2';
/** Of all UUIDs here. Drawn once. */
const NAMESPACE = '6f0d9c52-3f0e-4a53-9d1b-0d5a5f1e7c11';
/** Of properties that OSCAL has no name for. */
const NS = 'urn:ledgerstone:oscal';

const uuid = (name: string): string => uuidOfName(NAMESPACE, name);

/** NIST's catalogue has tokens of its own: AU-9(3) is au-9.3. Before all others stands the framework. */
export function controlToken(framework: string, id: string): string {
  const plain = id.toLowerCase();
  if (framework === 'nist-800-53') return plain.replace(/\((\d+)\)/g, '.$1');
  return `${framework}_${plain.replace(/[^a-z0-9.]+/g, '-').replace(/^-|-$/g, '')}`;
}

/** No catalogue of these frameworks but NIST's is public: a name, and nothing that could be fetched. */
const sourceOf = (framework: string): string =>
  framework === 'nist-800-53'
    ? 'https://doi.org/10.6028/NIST.SP.800-53r5'
    : `urn:ledgerstone:framework:${framework}`;

const metadata = (title: string, version: string, modified: string, remarks: string) => ({
  title,
  'last-modified': modified,
  version,
  'oscal-version': OSCAL_VERSION,
  remarks,
});

const NOT_CLAIMED =
  'Nothing here says that a control is satisfied: that is an assessor’s to say, of an organisation. ' +
  'The words are our own.';

/** Which controls the product supports, as a component-definition. `modified`: RFC 3339. */
export function componentDefinition(map: ControlMap, version: string, modified: string): object {
  return {
    'component-definition': {
      uuid: uuid('component-definition'),
      metadata: metadata('Ledgerstone: controls that it supports', version, modified, NOT_CLAIMED),
      components: [
        {
          uuid: uuid('component'),
          type: 'software',
          title: 'Ledgerstone',
          description:
            'Archives audit events from Kafka into S3 Object Lock, tamper-evident and provable offline.',
          'control-implementations': map.frameworks.map((framework) => implementation(map, framework)),
        },
      ],
    },
  };
}

const implementation = ({ controls }: ControlMap, { id, title }: Framework): object => ({
  uuid: uuid(`framework ${id}`),
  source: sourceOf(id),
  description: title,
  'implemented-requirements': controls.flatMap((control) =>
    (control.ids[id] ?? []).map((own) => requirement(id, own, control)),
  ),
});

const requirement = (
  framework: string,
  own: string,
  { id, does, asks, customer, shows }: Control,
): object => ({
  uuid: uuid(`requirement ${framework} ${own} ${id}`),
  'control-id': controlToken(framework, own),
  description: `Asked, in our words: ${asks}\n\nThe product: ${does}`,
  props: [
    { name: 'row', ns: NS, value: id },
    { name: 'supports', ns: NS, value: shows.length === 0 ? 'customer' : 'supports' },
    ...shows.map((check) => ({ name: 'check', ns: NS, value: check })),
  ],
  remarks: `Remains with the customer:\n${customer.map((one) => `- ${one}`).join('\n')}`,
});

/**
 * What a report of controls found, as assessment-results. Observations only: a finding of OSCAL says
 * satisfied or not, and an archive can't.
 */
export function assessmentResults({ data, protocol, verdict, looked, notLooked }: ControlsReport): object {
  const { framework, controls } = data;
  const seed = `${protocol.archive.origin} ${framework.id} ${protocol.began}`;
  const title = `Controls of ${framework.title}, of the archive ${line(protocol.archive.origin)}`;
  const observations = controls.flatMap((control) =>
    observationsOf(control, framework, seed, protocol.ended),
  );
  return {
    'assessment-results': {
      uuid: uuid(`results ${seed}`),
      metadata: metadata(title, protocol.program.version, protocol.ended, NOT_CLAIMED),
      'import-ap': { href: '#', remarks: 'There is no assessment plan: the command is the plan.' },
      results: [
        {
          uuid: uuid(`result ${seed}`),
          title,
          description: [verdict.sentence, ...verdict.bounds].join('\n\n'),
          start: protocol.began,
          end: protocol.ended,
          'reviewed-controls': {
            'control-selections': [
              {
                'include-controls': [
                  ...new Set(
                    controls.flatMap(({ ids }) => ids.map((own) => controlToken(framework.id, own))),
                  ),
                ].map((id) => ({ 'control-id': id })),
              },
            ],
            remarks: `Looked at:\n${bullets(looked)}\n\nNot looked at:\n${bullets(notLooked)}`,
          },
          ...(observations.length > 0 && { observations }),
        },
      ],
    },
  };
}

const bullets = (items: readonly string[]): string => items.map((one) => `- ${one}`).join('\n');
/** OSCAL's titles have one line. */
const line = (text: string): string => text.replace(/\s+/g, ' ').trim();

const observationsOf = (
  { id, name, ids, state, evidence, customer }: ReportedControl,
  framework: Framework,
  seed: string,
  collected: string,
): object[] =>
  evidence.map((one) => ({
    uuid: uuid(`observation ${seed} ${id} ${one.check}`),
    title: line(`${name}: ${one.check}`),
    description: one.text,
    methods: ['TEST'],
    props: [
      { name: 'row', ns: NS, value: id },
      { name: 'check', ns: NS, value: one.check },
      { name: 'check-state', ns: NS, value: one.state },
      { name: 'row-state', ns: NS, value: state },
      ...ids.map((own) => ({ name: 'control', ns: NS, value: controlToken(framework.id, own) })),
    ],
    collected,
    remarks: `By: ${one.command}\n\nRemains with the customer:\n${bullets(customer)}`,
  }));
