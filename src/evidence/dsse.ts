// How does a signature stand beside what it signs? (DSSE 1.0: protocol.md and envelope.md)
import { concatBytes, equalBytes, fromBase64, toBase64, utf8, utf8Text } from '../base/bytes.ts';
import { FormatError } from '../base/error.ts';

export type DsseSignature = {
  /** A hint which key it is. It is not signed, and nothing is decided by it. */
  readonly keyid: string;
  readonly sig: Uint8Array;
};

export type Envelope = {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  /** Empty: nobody signed. */
  readonly signatures: readonly DsseSignature[];
};

/**
 * The bytes that are signed: `DSSEv1`, and the lengths of type and payload before each (DSSE protocol, PAE).
 * They can't be those of a checkpoint, whose first line is a name without spaces.
 */
export function preAuthenticated(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType);
  return concatBytes(utf8(`DSSEv1 ${type.length} `), type, utf8(` ${payload.length} `), payload);
}

/** JSON in one line, with its LF. */
export function encodeEnvelope({ payloadType, payload, signatures }: Envelope): Uint8Array {
  const listed = signatures.map(({ keyid, sig }) => ({ keyid, sig: toBase64(sig) }));
  return utf8(`${JSON.stringify({ payloadType, payload: toBase64(payload), signatures: listed })}\n`);
}

/** Verifies nothing. `isExact`: it is written as `encodeEnvelope` writes it. Throws FormatError. */
export function parseEnvelope(bytes: Uint8Array): Envelope & { readonly isExact: boolean } {
  let value: unknown;
  try {
    value = JSON.parse(utf8Text(bytes));
  } catch (cause) {
    throw new FormatError('an envelope that is no JSON', 'malformed', cause);
  }
  const { payloadType, payload, signatures } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof payloadType !== 'string' || typeof payload !== 'string' || !Array.isArray(signatures))
    throw new FormatError('an envelope has a payloadType, a payload and signatures');
  const envelope = {
    payloadType,
    payload: fromBase64(payload),
    signatures: signatures.map(signatureOf),
  };
  return { ...envelope, isExact: equalBytes(encodeEnvelope(envelope), bytes) };
}

function signatureOf(value: unknown): DsseSignature {
  const { keyid = '', sig } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof keyid !== 'string' || typeof sig !== 'string')
    throw new FormatError('a signature of an envelope has a keyid and a sig');
  return { keyid, sig: fromBase64(sig) };
}
