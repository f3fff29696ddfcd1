// The naive reader of acts: FORMAT.md 13.2 to 13.4 rule by rule, with nothing of the product's own reader.
import { createHash } from 'node:crypto';

type Json = Record<string, unknown>;

const HEAD = 'format id kind of by reason reference time request detail signature';
const members = (value: unknown, names: string): value is Json =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).join(' ') === names;
const hex = (value: unknown, digits: number) =>
  typeof value === 'string' && new RegExp(`^[0-9a-f]{${digits}}$`).test(value);
const whole = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const word = (value: unknown, most: number): value is string =>
  typeof value === 'string' &&
  value !== '' &&
  Buffer.from(value, 'utf8').length <= most &&
  Buffer.from(value, 'utf8').toString('utf8') === value &&
  // biome-ignore lint/suspicious/noControlCharactersInRegex: FORMAT.md 1.11 is about them.
  !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(value);
const chain = (value: unknown) =>
  typeof value === 'string' && /^[A-Za-z0-9._-]{1,249}$/.test(value) && value !== '.' && value !== '..';
const time = (value: unknown, form: RegExp) =>
  typeof value === 'string' && form.test(value) && value >= '1970' && dayOf(value) === value.slice(0, 19);
/** Empty where the calendar has no such day. */
const dayOf = (value: string) =>
  Number.isNaN(Date.parse(value)) ? '' : new Date(value).toISOString().slice(0, 19);
const MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function range(value: unknown): boolean {
  if (!members(value, 'chain partition from to')) return false;
  const { partition, from, to } = value;
  const isPartition = partition === null || (whole(partition) && partition < 2 ** 31);
  return chain(value['chain']) && isPartition && whole(from) && (to === null || (whole(to) && to >= from));
}
const ranges = (value: unknown) =>
  Array.isArray(value) && value.length >= 1 && value.length <= 1000 && value.every(range);

type Person = { name: string; key: string; roles: string[] };

function person(value: unknown): value is Person {
  if (!members(value, 'name key roles') || !word(value['name'], 255) || !word(value['key'], 255))
    return false;
  return ['["officer"]', '["approver"]', '["officer","approver"]'].includes(JSON.stringify(value['roles']));
}

function charter(detail: unknown): boolean {
  if (!members(detail, 'people approval') || !members(detail['approval'], 'hours')) return false;
  const [people, hours] = [detail['people'], detail['approval']['hours']];
  if (!Array.isArray(people) || people.length < 1 || people.length > 64 || !people.every(person))
    return false;
  const alone = (of: (one: Person) => string) => new Set(people.map(of)).size === people.length;
  const isPair = people.some((a) =>
    people.some((b) => a.name !== b.name && a.roles.includes('officer') && b.roles.includes('approver')),
  );
  return (
    alone((one) => one.name) &&
    alone((one) => one.key) &&
    isPair &&
    whole(hours) &&
    hours >= 1 &&
    hours <= 8760
  );
}

const one = (name: string) => (detail: unknown) => members(detail, name) && word(detail[name], 255);
const none = (detail: unknown) => members(detail, '');
const KINDS: Record<string, (detail: unknown) => boolean> = {
  charter,
  approve: none,
  withdraw: none,
  done: (detail) =>
    members(detail, 'objects changed') && whole(detail['objects']) && whole(detail['changed']),
  'hold.place': (detail) =>
    members(detail, 'case segments') && word(detail['case'], 255) && ranges(detail['segments']),
  'hold.reaffirm': one('case'),
  'hold.release': one('case'),
  'retention.extend': (detail) =>
    members(detail, 'segments until') && ranges(detail['segments']) && time(detail['until'], SECONDS),
  copy: (detail) =>
    members(detail, 'from to verdict until objects bytes list chains heads') &&
    ['from', 'to'].every((name) => word(detail[name], 255)) &&
    ['verified', 'broken', 'unverifiable'].includes(detail['verdict'] as string) &&
    (detail['until'] === null || time(detail['until'], SECONDS)) &&
    ['objects', 'bytes', 'chains'].every((name) => whole(detail[name])) &&
    ['list', 'heads'].every((name) => hex(detail[name], 64)),
  disclose: (detail) =>
    members(detail, 'case to what') && ['case', 'to', 'what'].every((name) => word(detail[name], 255)),
};
/** Of the kinds that this reader does not know, though the format does. */
const NOT_HERE = [
  'policy',
  'key.introduce',
  'key.retire',
  'gap.accept',
  'finding.ack',
  'finding.resolve',
  'export',
  'drill',
];

/** Whether the bytes are an act, of a known kind or of a later one. */
export function isAct(bytes: Uint8Array): boolean {
  if (bytes.length > 256 * 1024) return false;
  const text = Buffer.from(bytes).toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(Buffer.from(bytes))) return false;
  let act: unknown;
  try {
    act = JSON.parse(text);
    if (JSON.stringify(act) !== text) return false;
  } catch {
    return false;
  }
  if (!members(act, HEAD) || !members(act['by'], 'name principal key')) return false;
  const { format, id, kind, of, by, reason, reference, request, detail, signature } = act;
  const { name, principal, key } = by as Json;
  if (format !== 'ledgerstone/act/1' || !hex(id, 32) || !(of === null || hex(of, 32))) return false;
  if (!word(name, 255) || !(principal === null || word(principal, 255)) || !hex(key, 64)) return false;
  if (!word(reason, 2048) || !(reference === null || word(reference, 255)) || !time(act['time'], MS))
    return false;
  if (typeof kind !== 'string' || !/^[a-z]{1,32}(\.[a-z]{1,32})?$/.test(kind) || NOT_HERE.includes(kind))
    return false;
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return false;
  const digest = createHash('sha256')
    .update(JSON.stringify([kind, of, name, reason, reference, detail]))
    .digest('hex');
  if (request !== digest || typeof signature !== 'string') return false;
  if (Buffer.from(signature, 'base64').toString('base64') !== signature) return false;
  return Object.hasOwn(KINDS, kind) ? KINDS[kind]!(detail) : true;
}
