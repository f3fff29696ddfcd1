// How does a configuration file of an earlier version become one of this version?
import { ConfigError, UPGRADE } from '../config-error.ts';
import { FIRST_VERSION, laterConfigMessage, laterConfigVersion, OUR_VERSION } from '../config-version.ts';
import { type FileKind, fileKindOf } from '../file-kind.ts';
import { memberOf } from '../problems.ts';
import { readYaml } from '../yaml.ts';
import { type MigratedMember, STEPS, type Step } from './steps.ts';
import { YamlFile } from './yaml-file.ts';

export type Migrated = {
  readonly kind: FileKind;
  /** Of the file as it was, and of this software. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly changes: readonly MigratedMember[];
};

/** Which steps there are, and where they end. Tests have other ones. */
export type Rules = { readonly version: number; readonly steps: readonly Step[] };
const OURS: Rules = { version: OUR_VERSION, steps: STEPS };

/** Throws ConfigError if it is no file of ours, or of a later version. Nothing but the text is looked at. */
export function migrate(text: string, fileName: string, rules: Rules = OURS): Migrated {
  const { yaml, problems } = readYaml(text.replace(/^\uFEFF/, ''), {});
  const fail = (path: string, message: string, remedy?: string): never => {
    throw new ConfigError(fileName, [{ path, ...yaml.position(path === '' ? [] : [path]), message }], remedy);
  };
  if (yaml.value === undefined) {
    throw new ConfigError(
      fileName,
      problems.map(({ position, message }) => ({ path: '', ...position, message })),
    );
  }
  const later = laterConfigVersion(yaml.value, rules.version);
  if (later !== null) fail('version', laterConfigMessage(later, rules.version), UPGRADE);
  const kind =
    fileKindOf(yaml.value) ??
    fail('', 'is none of the four configuration files', 'Name ledgerstone.yaml or the like.');
  const stated = memberOf(yaml.value, 'version');
  const from = stated === undefined ? FIRST_VERSION : Number(stated);
  if (!Number.isSafeInteger(from) || from < FIRST_VERSION || typeof (stated ?? 1) !== 'number')
    fail('version', `must be a whole number, ${FIRST_VERSION} to ${rules.version}`);
  const file = new YamlFile(text);
  const changes: MigratedMember[] = [];
  for (let version = from; version <= rules.version; version++) {
    const steps = rules.steps.filter((step) => step.kind === kind && step.from === version);
    // What a version had before its release is mended first: the way to the next one begins behind it.
    for (const step of steps.filter(({ to }) => to === version)) changes.push(...step.apply(file));
    if (version === rules.version) break;
    for (const step of steps.filter(({ to }) => to > version)) changes.push(...step.apply(file));
    changes.push(stateVersion(file, version + 1));
  }
  return { kind, from, to: rules.version, text: file.text, changes };
}

function stateVersion(file: YamlFile, version: number): MigratedMember {
  const line = file.lineOf(['version']);
  if (line === null) file.prepend('version', String(version));
  else file.replace(['version'], 'version', String(version));
  return { line: line ?? 1, member: 'version', what: `is ${version}`, left: null };
}
