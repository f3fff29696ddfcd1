// Which function is SHA-256, wherever this runs?
import { sha256 } from '@noble/hashes/sha2.js';

/** SHA-256 of the whole message: 32 new bytes. FIPS 180-4. */
export type Sha256 = (message: Uint8Array) => Uint8Array;

/** Runs anywhere, browsers included. In Node, `nodeSha256` of `base/node/hash.ts` is the same and faster. */
export const portableSha256: Sha256 = (message) => sha256(message);

/** Of a message that comes in pieces. Nothing is added after `digest`. */
export type Hashing = { update(piece: Uint8Array): unknown; digest(): Uint8Array };

export const portableHashing = (): Hashing => sha256.create();

/** SHA-256 of `message` written to `out[at … at + 31]`: for loops that hash millions of small messages. */
export type Sha256Into = (message: Uint8Array, out: Uint8Array, at: number) => void;

export const portableSha256Into: Sha256Into = (message, out, at) => out.set(sha256(message), at);
