// What does every report state, whatever it is about, and how is it signed?
import { toBase64, toHex, utf8 } from '../../base/bytes.ts';
import type { Sha256 } from '../../base/hash.ts';
import type { PublicKey } from '../../base/signature.ts';
import { spkiFingerprint } from '../../format/vkey.ts';
import { encodeEnvelope, preAuthenticated } from '../dsse.ts';
import type { PackageSigner } from '../package.ts';
import type { RunProtocol } from '../protocol.ts';

export const REPORT_TYPE = 'application/vnd.ledgerstone.report.v1+json';

/**
 * `whole`: all that the bounds name was looked at, and nothing was found. `found`: something was found.
 * `open`: nothing was found, and not everything could be looked at. `accepted`: all that the bounds name was
 * looked at, and those who may have accepted or resolved what was found.
 */
export type Standing = 'whole' | 'found' | 'open' | 'accepted';

export type ReportVerdict = {
  readonly standing: Standing;
  /** One sentence, with how far it reaches. */
  readonly sentence: string;
  /** What else has to be known to read it. */
  readonly bounds: readonly string[];
};

export type ReportProtocol = RunProtocol & {
  /** With which the command ends once the report is written. */
  readonly exitCode: number;
};

/** What was read of one chain. */
export type ReportedChain = {
  readonly chain: string;
  readonly partition: number;
  readonly origin: string | null;
  /** Of the last seal that was read and checked. `root` in hex. */
  readonly checkpoint: { readonly size: number; readonly root: string } | null;
  /** Both included, of all seals that were read. */
  readonly firstOffset: number | null;
  readonly lastOffset: number | null;
  readonly archived: number;
  /** Offsets in between that have no record, for whatever reason. */
  readonly gaps: number;
  readonly lastSealed: string | null;
  /** Why the rest of the chain could not be looked at. Null: all of it was. */
  readonly problem: string | null;
};

/** UTC, RFC 3339. The end is not included. Null: no such bound was asked for. */
export type ReportWindow = { readonly from: string | null; readonly to: string | null };

export type PrintedReport<Kind extends string, Data> = {
  readonly report: 1;
  readonly kind: Kind;
  readonly window: ReportWindow;
  readonly verdict: ReportVerdict;
  readonly looked: readonly string[];
  readonly notLooked: readonly string[];
  readonly protocol: ReportProtocol;
  readonly chains: readonly ReportedChain[];
  readonly data: Data;
};

/** The report as a file of its own. The same report gives the same bytes. */
export const encodeReport = (report: PrintedReport<string, unknown>): Uint8Array =>
  utf8(`${JSON.stringify(report, null, 2)}\n`);

/** Signed, or said to be by nobody. */
export type SignedReport = {
  /** `encodeReport`'s. */
  readonly bytes: Uint8Array;
  /** Hex SHA-256 of them. */
  readonly digest: string;
  readonly signer: PublicKey | null;
  /** A DSSE envelope around digest, length and signer. */
  readonly envelope: Uint8Array;
};

/** What is signed. A key service takes 4096 bytes of it, so it has the report's digest and not the report. */
export function reportStatement(
  bytes: Uint8Array,
  signer: PublicKey | null,
  sha256: Sha256,
): { readonly digest: string; readonly payload: Uint8Array } {
  const digest = toHex(sha256(bytes));
  const key = signer === null ? null : { algorithm: signer.algorithm, publicKey: toBase64(signer.spki) };
  const statement = { report: 1, sha256: digest, bytes: bytes.length, signer: key };
  return { digest, payload: utf8(`${JSON.stringify(statement)}\n`) };
}

export async function signReport(
  report: PrintedReport<string, unknown>,
  signer: PackageSigner | null,
  sha256: Sha256,
): Promise<SignedReport> {
  const bytes = encodeReport(report);
  const { digest, payload } = reportStatement(bytes, signer?.publicKey ?? null, sha256);
  const signatures =
    signer === null
      ? []
      : [
          {
            keyid: spkiFingerprint(signer.publicKey, sha256),
            sig: await signer.sign(preAuthenticated(REPORT_TYPE, payload)),
          },
        ];
  const envelope = encodeEnvelope({ payloadType: REPORT_TYPE, payload, signatures });
  return { bytes, digest, signer: signer?.publicKey ?? null, envelope };
}
