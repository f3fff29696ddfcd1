// Tampering with what is stored: bytes, versions and locks of data, seals, keys and the specification.
import { concatBytes, utf8 } from '../../../src/base/bytes.ts';
import { sealKey } from '../../../src/format/paths.ts';
import { NOW_MS } from '../../support/archive-builder.ts';
import { append, cut, flip, LOCK, replaceText, type TamperCase, type TamperWorld } from './world.ts';

const data = (index: number, change: (bytes: Uint8Array, world: TamperWorld) => Uint8Array) => (world: TamperWorld) =>
  world.archive.alter(world.dataKey(index), (bytes) => change(bytes, world));
const seal = (index: number, change: (bytes: Uint8Array, world: TamperWorld) => Uint8Array) => (world: TamperWorld) =>
  world.archive.alter(world.segment(index).sealKey, (bytes) => change(bytes, world));
const soon = { mode: 'COMPLIANCE', untilMs: NOW_MS + 1000 } as const;
const governance = { ...LOCK, mode: 'GOVERNANCE' } as const;
const keyFile = (world: TamperWorld) => world.archive.keys().find((key) => key.startsWith('keys/')) as string;
const formatFile = (world: TamperWorld) => world.archive.keys().find((key) => key.startsWith('FORMAT-')) as string;
const next = sealKey('orders', 0, 6);

export const OBJECT_CASES: readonly TamperCase[] = [
  { name: 'data-first-byte', about: 'A bit of a data object’s first byte.', attacker: 'store-operator', expect: { codes: ['block-mismatch', 'data-altered'] }, act: data(3, flip(0)) },
  { name: 'data-middle-byte', about: 'A bit in the middle of a data object.', attacker: 'store-operator', expect: { codes: ['block-mismatch', 'data-altered'] }, act: data(3, (bytes) => flip(bytes.length >> 1)(bytes)) },
  { name: 'data-last-byte', about: 'A bit of a data object’s last byte.', attacker: 'store-operator', expect: { codes: ['block-mismatch', 'data-altered'] }, act: data(3, flip(-1)) },
  { name: 'data-cut', about: 'The last byte of a data object is gone.', attacker: 'store-operator', expect: { codes: ['block-mismatch', 'data-altered'] }, act: data(3, cut(1)) },
  { name: 'data-longer', about: 'A byte more at the end of a data object.', attacker: 'store-operator', expect: { codes: ['data-altered'] }, act: data(3, append(new Uint8Array(1))) },
  { name: 'data-empty', about: 'A data object without bytes.', attacker: 'store-operator', expect: { codes: ['block-mismatch', 'data-altered'] }, act: data(3, () => new Uint8Array(0)) },
  { name: 'data-of-another-segment', about: 'A data object holds another segment’s bytes.', attacker: 'store-operator', expect: { codes: ['block-mismatch', 'data-altered'] }, act: data(3, (_, world) => world.archive.bytesOf(world.dataKey(2)) as Uint8Array) },
  { name: 'data-swapped', about: 'Two data objects have each other’s bytes.', attacker: 'store-operator', expect: { codes: ['block-mismatch', 'data-altered'] }, act: (world) => { const [a, b] = [3, 4].map((index) => world.archive.bytesOf(world.dataKey(index)) as Uint8Array) as [Uint8Array, Uint8Array]; world.archive.alter(world.dataKey(3), () => b); world.archive.alter(world.dataKey(4), () => a); } },
  { name: 'data-removed', about: 'A data object is gone before its time.', attacker: 'store-operator', expect: { codes: ['data-missing'] }, act: (world) => world.archive.remove(world.dataKey(3)) },
  { name: 'data-all-removed', about: 'All data objects are gone.', attacker: 'store-operator', expect: { codes: ['data-missing'] }, act: (world) => { for (const key of world.archive.keys()) if (key.startsWith('data/')) world.archive.remove(key); } },
  { name: 'data-under-another-day', about: 'A data object lies under another date.', attacker: 'store-operator', expect: { codes: ['data-missing', 'unreferenced-object'] }, act: (world) => { const key = world.dataKey(3); world.archive.put(key.replace(/date=[^/]+/, 'date=2026-11-21'), world.archive.bytesOf(key) as Uint8Array, LOCK); world.archive.remove(key); } },
  { name: 'data-second-version', about: 'Other bytes as a newer version of a data object.', attacker: 'bucket-admin', expect: { codes: ['extra-version'] }, act: (world) => world.archive.put(world.dataKey(3), utf8('forged')) },
  { name: 'data-delete-marker', about: 'A delete marker on a data object.', attacker: 'bucket-admin', expect: { codes: ['delete-marker'] }, act: (world) => world.archive.marker(world.dataKey(3)) },
  { name: 'data-marker-and-version', about: 'A delete marker on a data object, and other bytes on top.', attacker: 'bucket-admin', expect: { codes: ['delete-marker', 'extra-version'] }, act: (world) => { world.archive.marker(world.dataKey(3)); world.archive.put(world.dataKey(3), utf8('forged')); } },
  { name: 'data-foreign-name', about: 'An object with a name of nobody’s beside the data.', attacker: 'bucket-admin', expect: { codes: ['foreign-object'] }, act: (world) => world.archive.put('data/topic=orders/partition=0/date=2026-11-22/readme.txt', utf8('hello')) },
  { name: 'data-unreferenced', about: 'A well-named data object that no seal names.', attacker: 'archiver-role', expect: { codes: ['unreferenced-object'] }, act: (world) => world.archive.put(world.dataKey(3).replace(/-[0-9a-f]{64}/, `-${'0'.repeat(64)}`), utf8('x'), LOCK) },
  { name: 'data-lock-shortened', about: 'The lock of a data object ends before it was promised.', attacker: 'store-operator', expect: { codes: ['retention-short'] }, act: (world) => world.archive.setLock(world.dataKey(3), soon) },
  { name: 'data-lock-removed', about: 'A data object without a lock.', attacker: 'store-operator', expect: { codes: ['lock-missing'] }, act: (world) => world.archive.setLock(world.dataKey(3), null) },
  { name: 'data-governance', about: 'A data object in governance mode.', attacker: 'store-operator', expect: { codes: ['mode-not-compliance'] }, act: (world) => world.archive.setLock(world.dataKey(3), governance) },

  { name: 'seal-manifest-bit', about: 'A letter of a seal’s manifest.', attacker: 'store-operator', expect: { codes: ['malformed', 'unreferenced-object'] }, act: seal(3, flip(40)) },
  { name: 'seal-path-other', about: 'A hash of a seal’s path is another.', attacker: 'store-operator', expect: { codes: ['root-mismatch'] }, act: seal(3, replaceText(/\nindex 3\n(.)/, '\nindex 3\nZ')) },
  { name: 'seal-root-other', about: 'The signed root is another.', attacker: 'store-operator', expect: { codes: ['bad-signature', 'root-mismatch'] }, act: seal(3, replaceText(/\n4\n(.)/, '\n4\nZ')) },
  { name: 'seal-size-other', about: 'The signed size is another.', attacker: 'store-operator', expect: { codes: ['malformed', 'unreferenced-object'] }, act: seal(3, replaceText(/\n4\n/, '\n5\n')) },
  { name: 'seal-signature-bit', about: 'A letter of the signature.', attacker: 'store-operator', expect: { codes: ['bad-signature'] }, act: seal(3, replaceText(/(— \S+ \S{20})(.)/, '$1Z')) },
  { name: 'seal-cut', about: 'The second half of a seal is gone.', attacker: 'store-operator', expect: { codes: ['malformed', 'unreferenced-object'] }, act: seal(3, (bytes) => cut(bytes.length >> 1)(bytes)) },
  { name: 'seal-empty', about: 'A seal without bytes.', attacker: 'store-operator', expect: { codes: ['malformed', 'unreferenced-object'] }, act: seal(3, () => new Uint8Array(0)) },
  { name: 'seal-crlf', about: 'A seal whose lines end as on Windows.', attacker: 'store-operator', expect: { codes: ['malformed', 'unreferenced-object'] }, act: seal(3, replaceText(/\n/g, '\r\n')) },
  { name: 'seal-huge', about: 'A seal longer than any may be.', attacker: 'store-operator', expect: { codes: ['malformed', 'unreferenced-object'] }, act: seal(3, () => new Uint8Array(64 * 1024 + 1)) },
  { name: 'seal-stranger-signs-too', about: 'A line more, by a key that nobody knows, under a note.', attacker: 'store-operator', expect: { undetectable: 'C2SP notes leave lines of unknown keys alone: nothing that is read changes', needs: 'nothing: it says nothing' }, act: seal(3, (bytes) => concatBytes(bytes, utf8('— stranger.example.com AAAAAAAAAAAAAAAA\n'))) },
  { name: 'seal-removed', about: 'A seal in the middle is gone.', attacker: 'store-operator', expect: { codes: ['sequence-gap', 'unreferenced-object'] }, act: (world) => world.archive.remove(world.segment(3).sealKey) },
  { name: 'seal-first-removed', about: 'The first seal is gone.', attacker: 'store-operator', expect: { codes: ['sequence-gap'] }, act: (world) => world.archive.remove(world.segment(0).sealKey) },
  { name: 'seal-last-attested-removed', about: 'The newest seals are gone, an attested one with them.', attacker: 'store-operator', expect: { codes: ['truncation', 'unreferenced-object'] }, act: (world) => { for (const index of [4, 5]) world.archive.remove(world.segment(index).sealKey); } },
  { name: 'segment-last-attested-removed', about: 'The newest segments are gone, seals and data, an attested one with them.', attacker: 'store-operator', expect: { codes: ['truncation'] }, act: (world) => { for (const index of [4, 5]) { world.archive.remove(world.segment(index).sealKey); world.archive.remove(world.dataKey(index)); } } },
  { name: 'segment-newest-removed', about: 'The newest segment is gone before it was attested.', attacker: 'store-operator', expect: { undetectable: 'a shorter archive that nobody had confirmed longer', needs: 'Kafka’s offsets (completeness), or the lock, which keeps it from happening in S3' }, act: (world) => { world.archive.remove(world.segment(5).sealKey); world.archive.remove(world.dataKey(5)); } },
  { name: 'chain-removed', about: 'A whole chain is gone.', attacker: 'store-operator', expect: { codes: ['truncation'] }, act: (world) => { for (const key of world.archive.keys()) if (key.includes('topic=payments/')) world.archive.remove(key); } },
  { name: 'chain-seals-removed', about: 'All seals of a chain are gone, its data stays.', attacker: 'store-operator', expect: { codes: ['sequence-gap', 'truncation', 'unreferenced-object'] }, act: (world) => { for (const key of world.archive.keys()) if (key.startsWith('seals/topic=payments/')) world.archive.remove(key); } },
  { name: 'seals-swapped', about: 'Two seals have each other’s bytes.', attacker: 'store-operator', expect: { codes: ['clock-backwards', 'count-mismatch', 'offset-gap', 'previous-mismatch', 'root-mismatch', 'sequence-gap'] }, act: (world) => { const keys = [3, 4].map((index) => world.segment(index).sealKey) as [string, string]; const [a, b] = keys.map((key) => world.archive.bytesOf(key) as Uint8Array) as [Uint8Array, Uint8Array]; world.archive.alter(keys[0], () => b); world.archive.alter(keys[1], () => a); } },
  { name: 'seal-repeated', about: 'The newest seal again, as the next one.', attacker: 'archiver-role', expect: { codes: ['count-mismatch', 'offset-gap', 'previous-mismatch', 'root-mismatch', 'sequence-gap'] }, act: (world) => world.archive.put(next, world.archive.bytesOf(world.segment(5).sealKey) as Uint8Array, LOCK) },
  { name: 'seal-of-another-chain', about: 'Another chain’s seal as the next one.', attacker: 'archiver-role', expect: { codes: ['clock-backwards', 'count-mismatch', 'malformed', 'offset-gap', 'previous-mismatch', 'root-mismatch', 'sequence-gap'] }, act: (world) => world.archive.put(next, world.archive.bytesOf(sealKey('payments', 1, 1)) as Uint8Array, LOCK) },
  { name: 'seal-second-version', about: 'Other bytes as a newer version of a seal.', attacker: 'bucket-admin', expect: { codes: ['extra-version'] }, act: (world) => world.archive.put(world.segment(3).sealKey, utf8('forged')) },
  { name: 'seal-delete-marker', about: 'A delete marker on a seal in the middle.', attacker: 'bucket-admin', expect: { codes: ['delete-marker'] }, act: (world) => world.archive.marker(world.segment(3).sealKey) },
  { name: 'seal-newest-delete-marker', about: 'Delete markers on the newest seals: an object list ends before them.', attacker: 'bucket-admin', expect: { codes: ['delete-marker'] }, act: (world) => { for (const index of [4, 5]) world.archive.marker(world.segment(index).sealKey); } },
  { name: 'seal-junk-next', about: 'Junk at the next seal’s key.', attacker: 'bucket-admin', expect: { codes: ['malformed'] }, act: (world) => world.archive.put(next, utf8('junk'), LOCK) },
  { name: 'seal-beyond-a-hole', about: 'A copy of a seal far beyond the head.', attacker: 'bucket-admin', expect: { codes: ['sequence-gap'] }, act: (world) => world.archive.put(sealKey('orders', 0, 60), world.archive.bytesOf(world.segment(5).sealKey) as Uint8Array, LOCK) },
  { name: 'seal-foreign-name', about: 'An object with a name of nobody’s beside the seals.', attacker: 'bucket-admin', expect: { codes: ['foreign-object'] }, act: (world) => world.archive.put('seals/topic=orders/partition=0/000000000003.tlog-proof.bak', utf8('x')) },
  { name: 'seal-lock-shortened', about: 'The lock of a seal ends before the promise of its segment.', attacker: 'store-operator', expect: { codes: ['retention-short'] }, act: (world) => world.archive.setLock(world.segment(3).sealKey, soon) },
  { name: 'seal-lock-removed', about: 'A seal without a lock.', attacker: 'store-operator', expect: { codes: ['lock-missing'] }, act: (world) => world.archive.setLock(world.segment(3).sealKey, null) },
  { name: 'seal-governance', about: 'A seal in governance mode.', attacker: 'store-operator', expect: { codes: ['mode-not-compliance'] }, act: (world) => world.archive.setLock(world.segment(3).sealKey, governance) },
  { name: 'locks-hidden', about: 'The auditor’s right to see locks was taken away.', attacker: 'bucket-admin', expect: { codes: ['locks-not-permitted'] }, act: (world) => { world.archive.locks = 'hidden'; } },

  { name: 'key-file-altered', about: 'A bit of a published key.', attacker: 'store-operator', expect: { codes: ['malformed'] }, act: (world) => world.archive.alter(keyFile(world), flip(-8)) },
  { name: 'key-file-second-version', about: 'Another key as a newer version of a published one.', attacker: 'bucket-admin', expect: { codes: ['extra-version'] }, act: (world) => world.archive.put(keyFile(world), utf8('forged')) },
  { name: 'key-file-removed', about: 'The published key is gone.', attacker: 'store-operator', expect: { undetectable: 'keys come from people: an archive’s own copy is for convenience and nothing is judged by it', needs: 'the pinned key, which the auditor has' }, act: (world) => world.archive.remove(keyFile(world)) },
  { name: 'format-altered', about: 'A bit of the published specification.', attacker: 'store-operator', expect: { codes: ['data-altered'] }, act: (world) => world.archive.alter(formatFile(world), flip(3)) },
  { name: 'format-delete-marker', about: 'A delete marker on the specification.', attacker: 'bucket-admin', expect: { codes: ['delete-marker'] }, act: (world) => world.archive.marker(formatFile(world)) },
  { name: 'foreign-root-object', about: 'An object of nobody’s at the top.', attacker: 'bucket-admin', expect: { codes: ['foreign-object'] }, act: (world) => world.archive.put('index.html', utf8('<html>')) },
  { name: 'foreign-chain-folder', about: 'A folder that no chain can have.', attacker: 'bucket-admin', expect: { codes: ['foreign-object'] }, act: (world) => world.archive.put('seals/topic=..%2f/partition=0/000000000000.tlog-proof', utf8('x')) },
  { name: 'foreign-chain-of-junk', about: 'A chain that never was: one object of junk.', attacker: 'bucket-admin', expect: { codes: ['malformed'] }, act: (world) => world.archive.put(sealKey('ghost', 0, 0), utf8('junk'), LOCK) },
  { name: 'marker-on-nothing', about: 'A delete marker where nothing ever was.', attacker: 'bucket-admin', expect: { codes: ['delete-marker'] }, act: (world) => world.archive.marker(sealKey('orders', 0, 6)) },
];
