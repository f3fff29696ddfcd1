// A C2SP witness on loopback that keeps its rules, and misbehaves by script.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromBase64 } from '../../src/base/bytes.ts';
import { nodeSha256 } from '../../src/base/node/hash.ts';
import {
  type CosignerKey,
  cosignatureLine,
  cosignedMessage,
  cosignerKey,
} from '../../src/format/cosignature.ts';
import { encodeSignatures, parseSignedCheckpoint } from '../../src/format/note.ts';
import type { CosigningKey } from '../../src/format/vkey.ts';
import { verifyConsistency } from '../../src/merkle/proof.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { memorySigner } from './memory-signer.ts';

export type WitnessReply =
  | { readonly status: number; readonly body: string | Uint8Array }
  | 'hang'
  | 'drop'
  | 'flood'
  | 'trickle'
  | 'redirect';

export type WitnessServer = AsyncDisposable & {
  readonly url: string;
  readonly keys: readonly CosignerKey[];
  /** What was asked, oldest first: the old size and how many hashes came with it. */
  readonly asked: {
    readonly old: number;
    readonly size: number;
    readonly hashes: number;
    readonly status: number;
  }[];
  /** By origin. A test may set it: what somebody else has shown it. */
  readonly known: Map<string, { readonly size: number; readonly root: Uint8Array }>;
  script: (nth: number, text: string) => WitnessReply | undefined;
};

export async function witnessServer(
  name: string,
  seconds: () => number,
  signers: readonly Signer<CosigningKey>[] = [memorySigner({ seed: name })],
): Promise<WitnessServer> {
  const keys = signers.map(({ publicKey }) => cosignerKey(name, publicKey, nodeSha256));
  const answerTo = async (text: string): Promise<{ status: number; body: string }> => {
    const end = text.indexOf('\n\n');
    const [first = '', ...hashes] = text.slice(0, end).split('\n');
    const old = Number(first.replace(/^old /, ''));
    const note = parseSignedCheckpoint(new TextEncoder().encode(text.slice(end + 2)));
    const { origin, size, root } = note.checkpoint;
    const proof = hashes.map(fromBase64);
    const say = (status: number, body = '') => {
      witness.asked.push({ old, size, hashes: proof.length, status });
      return { status, body };
    };
    const known = witness.known.get(origin);
    if (old !== (known?.size ?? 0)) return say(409, `${known?.size ?? 0}\n`);
    const isFollowing =
      known === undefined
        ? proof.length === 0
        : verifyConsistency(nodeSha256, old, known.root, size, root, proof);
    if (!isFollowing) return say(422);
    witness.known.set(origin, { size, root });
    const lines = keys.map(async (key, index) =>
      cosignatureLine(
        key,
        seconds(),
        await (signers[index] as Signer<CosigningKey>).sign(cosignedMessage(key, note.text, seconds())),
      ),
    );
    return say(200, encodeSignatures(await Promise.all(lines)));
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      const text = Buffer.concat(parts).toString('utf8');
      const scripted = witness.script(calls++, text);
      if (scripted === 'hang') return;
      if (scripted === 'drop') return void request.socket.destroy();
      if (scripted === 'redirect')
        return void response.writeHead(307, { location: `${witness.url}/add-checkpoint` }).end();
      if (scripted === 'flood' || scripted === 'trickle') {
        response.writeHead(200);
        response.write(scripted === 'flood' ? 'x'.repeat(100_000) : '—');
        return;
      }
      const { status, body } = scripted ?? (await answerTo(text));
      response.writeHead(request.url === '/w/add-checkpoint' ? status : 500).end(body);
    });
  });
  let calls = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const witness: WitnessServer = {
    url: `http://127.0.0.1:${port}/w`,
    keys,
    asked: [],
    known: new Map(),
    script: () => undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return witness;
}
