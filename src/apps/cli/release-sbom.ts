// What does npm say a release consists of, without what differs at each call: times, random ids, folders?
export type Json = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

export type ReleasedPackage = {
  readonly name: string;
  readonly version: string;
  /** Of the package, in hex. */
  readonly sha256: string;
  /** RFC 3339. */
  readonly at: string;
};

/** A UUID of version 8 (RFC 9562): its bits are the package's hash. */
function uuidOf(sha256: string): string {
  const variant = ((Number.parseInt(sha256.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  const parts = [sha256.slice(0, 8), sha256.slice(8, 12), `8${sha256.slice(13, 16)}`];
  return [...parts, `${variant}${sha256.slice(17, 20)}`, sha256.slice(20, 32)].join('-');
}

const recordAt = (json: Json, member: string): Json => {
  const value = json[member];
  if (!isRecord(value)) throw new Error(`npm's list has no ${member}`);
  return value;
};

const recordsAt = (json: Json, member: string): readonly Json[] => {
  const value = json[member];
  if (!Array.isArray(value)) throw new Error(`npm's list has no ${member}`);
  return value as Json[];
};

const DEVELOPMENT = 'cdx:npm:package:development';
const isTool = (component: Json): boolean =>
  recordsAt(component, 'properties').some(({ name, value }) => name === DEVELOPMENT && value === 'true');

/** `name@version` of each package that an install brings. */
const installed = (cycloneDx: Json): ReadonlySet<unknown> =>
  new Set(
    recordsAt(cycloneDx, 'components')
      .filter((one) => !isTool(one))
      .map((one) => one['bom-ref']),
  );

/**
 * From the list of everything: with --omit dev, npm leaves out what a tool of development needs too, such as
 * zod. And npm takes the folder's name for the package's.
 */
export function settledCycloneDx(json: Json, { name, version, sha256, at }: ReleasedPackage): Json {
  const metadata = recordAt(json, 'metadata');
  const component = {
    ...recordAt(metadata, 'component'),
    name,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
  };
  const kept = installed(json);
  const isKept = (ref: unknown) => kept.has(ref) || ref === `${name}@${version}`;
  return {
    ...json,
    serialNumber: `urn:uuid:${uuidOf(sha256)}`,
    metadata: { ...metadata, timestamp: at, component },
    components: recordsAt(json, 'components').filter((one) => kept.has(one['bom-ref'])),
    dependencies: recordsAt(json, 'dependencies')
      .filter(({ ref }) => isKept(ref))
      .map((one) => ({ ...one, dependsOn: ((one['dependsOn'] ?? []) as unknown[]).filter(isKept) })),
  };
}

/** SPDX does not say which package is a tool of development: the other list does. */
export function settledSpdx(json: Json, cycloneDx: Json, of: ReleasedPackage): Json {
  const { name, version, sha256, at } = of;
  const kept = installed(cycloneDx);
  const [root, ...others] = recordsAt(json, 'packages');
  const packages = others.filter((one) => kept.has(`${one['name']}@${one['versionInfo']}`));
  const ids = new Set(['SPDXRef-DOCUMENT', root?.['SPDXID'], ...packages.map(({ SPDXID }) => SPDXID)]);
  const checksums = [{ algorithm: 'SHA256', checksumValue: sha256 }];
  return {
    ...json,
    name: `${name}@${version}`,
    documentNamespace: `http://spdx.org/spdxdocs/${name}-${version}-${uuidOf(sha256)}`,
    creationInfo: { ...recordAt(json, 'creationInfo'), created: at },
    packages: [{ ...root, name, checksums }, ...packages],
    relationships: recordsAt(json, 'relationships').filter(
      ({ spdxElementId, relatedSpdxElement }) => ids.has(spdxElementId) && ids.has(relatedSpdxElement),
    ),
  };
}
