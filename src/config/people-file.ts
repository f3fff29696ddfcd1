// Who may decide, by a file that a person wrote? It becomes a charter.
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../base/error.ts';
import { nodeSha256 } from '../base/node/hash.ts';
import { publicKeyFromSpki } from '../base/signature.ts';
import { type ActDetail, checkDetail, type Person } from '../format/act-detail.ts';
import { cosignerKey, encodeCosignerVkey, parseCosignerVkey } from '../format/cosignature.ts';
import { isWord } from '../format/scalar.ts';
import { readConfigFile } from './check.ts';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { problemsOf } from './problems.ts';
import { type ConfigPath, readYaml } from './yaml.ts';

/** The name of every person's verifier key. */
export const PERSON_KEY_NAME = 'person';
const KEY_BYTES_MAX = 64 * 1024;
const REMEDY =
  'Write it like `{ approvalHours: 72, people: [{ name: Ada Byron, key: ada.vkey, roles: [officer] }] }`.';

const role = z.enum(['officer', 'approver']);
const fileSchema = z.strictObject({
  approvalHours: z.int().min(1).max(8760),
  people: z
    .array(
      z.strictObject({
        name: z.string(),
        key: z.string(),
        roles: z.array(role).min(1).max(2),
      }),
    )
    .min(1)
    .max(64),
});

type Found = { readonly path: ConfigPath; readonly message: string };

/**
 * The detail of a charter. `key` is a person's verifier key, or a file of one or of a PEM public key,
 * relative to this file. Throws ConfigError with each problem and its line.
 */
export async function loadPeopleFile(path: string, env: NodeJS.ProcessEnv): Promise<ActDetail['charter']> {
  const { yaml, problems } = readYaml((await readConfigFile(path)).replace(/^\uFEFF/, ''), env);
  const fail = (found: readonly ConfigProblem[]) => new ConfigError(path, found, REMEDY);
  if (problems.length > 0)
    throw fail(problems.map(({ position, message }) => ({ path: '', ...position, message })));
  const failAt = (found: readonly Found[]) =>
    fail(found.map(({ path: at, message }) => ({ path: pathText(at), message, ...yaml.position(at) })));
  const parsed = fileSchema.safeParse(yaml.value);
  if (!parsed.success)
    throw failAt(parsed.error.issues.flatMap((issue) => problemsOf(issue, yaml.value, fileSchema)));
  const found: Found[] = [];
  const people: Person[] = [];
  for (const [index, { name, key, roles }] of parsed.data.people.entries()) {
    const at = ['people', index];
    if (!isWord(name, 255))
      found.push({ path: [...at, 'name'], message: 'must be 1 to 255 bytes without control characters' });
    if (people.some((one) => one.name === name))
      found.push({ path: [...at, 'name'], message: 'is the name of somebody above too' });
    const vkey = await personKeyOf(key, dirname(path)).catch((error: unknown) => {
      found.push({ path: [...at, 'key'], message: messageOf(error) });
      return '';
    });
    if (vkey !== '' && people.some((one) => one.key === vkey))
      found.push({ path: [...at, 'key'], message: 'is the key of somebody above too' });
    people.push({
      name,
      key: vkey,
      roles: (['officer', 'approver'] as const).filter((one) => roles.includes(one)),
    });
  }
  if (found.length > 0) throw failAt(found);
  try {
    return checkDetail('charter', { people, approval: { hours: parsed.data.approvalHours } });
  } catch {
    const message =
      'needs an officer, and an approver who is somebody else: nobody approves their own proposal';
    throw failAt([{ path: ['people'], message }]);
  }
}

async function personKeyOf(text: string, folder: string): Promise<string> {
  const isKey = /^[^/\\\s]+\+[0-9a-f]{8}\+\S+$/.test(text);
  const content = isKey ? text : await contentOf(resolve(folder, text));
  if (content.includes('-----BEGIN PUBLIC KEY-----')) return vkeyOfPem(content);
  if (content.includes('PRIVATE KEY'))
    throw new Error('is a private key: give the public one, as `governance key` prints it');
  let key: ReturnType<typeof parseCosignerVkey>;
  try {
    key = parseCosignerVkey(content.trim(), nodeSha256);
  } catch {
    throw new Error('is no verifier key of a person, as `governance key` prints it, and no file of one');
  }
  if (key.name !== PERSON_KEY_NAME)
    throw new Error(`must be named ${PERSON_KEY_NAME}, as \`governance key\` does`);
  if (key.key.algorithm === 'ml-dsa-44') throw new Error('must be Ed25519 or P-256, and is ML-DSA-44');
  return encodeCosignerVkey(key);
}

async function contentOf(path: string): Promise<string> {
  const bytes = await readFile(path).catch(() => {
    throw new Error('is no verifier key, and no file that can be read');
  });
  if (bytes.length > KEY_BYTES_MAX) throw new Error('is a file of more than 64 KiB: no key');
  return bytes.toString();
}

function vkeyOfPem(pem: string): string {
  try {
    const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    return encodeCosignerVkey(
      cosignerKey(PERSON_KEY_NAME, publicKeyFromSpki(new Uint8Array(spki)), nodeSha256),
    );
  } catch {
    throw new Error('is no public key that signs: it must be Ed25519 or P-256');
  }
}

const pathText = (path: ConfigPath): string =>
  path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${step}`,
    '',
  );
