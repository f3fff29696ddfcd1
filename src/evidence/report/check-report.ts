// Are the data, the page and the signature of a report one, and who signed it?
import { equalBytes, fromBase64, utf8Text } from '../../base/bytes.ts';
import { messageOf } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import { type PublicKey, publicKeyFromSpki } from '../../base/signature.ts';
import { sameKey, type VerifySignature } from '../../verify/trust.ts';
import { parseEnvelope, preAuthenticated } from '../dsse.ts';
import { faceOf, type KnownReport } from './face.ts';
import { partsOfPage, reportPage } from './frame.ts';
import { encodeReport, REPORT_TYPE, reportStatement } from './printed-report.ts';

/**
 * `good`: one of the named keys signed these data, and the page shows them. `bad`: page, data or signature do
 * not belong together. `unknown`: they may, and nobody named vouches for it.
 */
export type ReportCheck = {
  readonly result: 'good' | 'bad' | 'unknown';
  readonly why: string;
  readonly digest: string | null;
  readonly signer: PublicKey | null;
  readonly report: KnownReport | null;
};

export type ReportCheckOptions = {
  /** Who may sign. Null: nobody was named. */
  readonly signers: readonly PublicKey[] | null;
  /** Of this program: a page of another version may look otherwise. */
  readonly version: string;
  readonly sha256: Sha256;
  readonly verifySignature: VerifySignature;
};

/** `page`: the file. Never throws because of what it holds. */
export async function checkReport(page: Uint8Array, options: ReportCheckOptions): Promise<ReportCheck> {
  const nothing = { digest: null, signer: null, report: null };
  try {
    const parts = partsOfPage(utf8Text(page));
    if (parts === null)
      return {
        result: 'unknown',
        why: 'not a page that `ledgerstone report` wrote, or cut short',
        ...nothing,
      };
    return await checkParts(page, fromBase64(parts.report), fromBase64(parts.envelope), options);
  } catch (error) {
    return { result: 'bad', why: `not the page of a report: ${messageOf(error)}`, ...nothing };
  }
}

async function checkParts(
  page: Uint8Array,
  bytes: Uint8Array,
  envelopeBytes: Uint8Array,
  { signers, version, sha256, verifySignature }: ReportCheckOptions,
): Promise<ReportCheck> {
  const report = JSON.parse(utf8Text(bytes)) as KnownReport;
  const { payloadType, payload, signatures, isExact } = parseEnvelope(envelopeBytes);
  const signer = signerOf(payload);
  const { digest, payload: expected } = reportStatement(bytes, signer, sha256);
  const about = { digest, signer, report };
  const bad = (why: string): ReportCheck => ({ result: 'bad', why, ...about });
  if (!isExact || payloadType !== REPORT_TYPE || !equalBytes(payload, expected))
    return bad('what was signed is not the data of this page');
  if (!equalBytes(encodeReport(report), bytes)) return bad('data with an odd spelling');
  const [signature, ...more] = signatures;
  if (signer === null ? signatures.length > 0 : signature === undefined || more.length > 0)
    return bad('another number of signatures than signers');
  if (signer !== null && signature !== undefined) {
    const isSigned = await verifySignature(signer, preAuthenticated(REPORT_TYPE, payload), signature.sig);
    if (!isSigned) return bad('the signature is not valid');
  }
  const drawn = reportPage(
    report,
    faceOf(report),
    { bytes, digest, signer, envelope: envelopeBytes },
    sha256,
  );
  if (!equalBytes(drawn, page)) {
    if (report.protocol.program.version === version)
      return bad('the page does not show the data that it carries');
    const drawnBy = `the page was drawn by version ${report.protocol.program.version}`;
    const why = `${drawnBy}: this is ${version}, and can't say whether it shows its data`;
    return { result: 'unknown', why, ...about };
  }
  if (signer === null) return { result: 'unknown', why: 'nobody signed it', ...about };
  if (signers === null)
    return { result: 'unknown', why: 'nobody was named who may sign it (--signer)', ...about };
  if (!signers.some((one) => sameKey(one, signer)))
    return { result: 'unknown', why: 'another key signed it than those that were named', ...about };
  return { result: 'good', why: 'signed by a named key, and the page shows what was signed', ...about };
}

/** Throws where there is none of that form. */
function signerOf(payload: Uint8Array): PublicKey | null {
  const { signer } = JSON.parse(utf8Text(payload)) as {
    readonly signer: { readonly publicKey: string } | null;
  };
  return signer === null ? null : publicKeyFromSpki(fromBase64(signer.publicKey));
}
