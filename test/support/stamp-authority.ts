// A time-stamping authority of the tests: its clock, its certificates and its mistakes are chosen freely.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Boolean as AsnBoolean,
  BitString,
  Integer,
  ObjectIdentifier,
  OctetString,
  PrintableString,
  Sequence,
} from 'asn1js';
import {
  Accuracy,
  AlgorithmIdentifier,
  Attribute,
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  ContentInfo,
  EncapsulatedContentInfo,
  Extension,
  ExtKeyUsage,
  IssuerAndSerialNumber,
  MessageImprint,
  PKIStatusInfo,
  SignedAndUnsignedAttributes,
  SignedData,
  SignerInfo,
  TimeStampReq,
  TimeStampResp,
  TSTInfo,
} from 'pkijs';
import { nodeSha256 } from '../../src/base/node/hash.ts';

const DAY_MS = 86_400_000;
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const SHA256 = '2.16.840.1.101.3.4.2.1';
const POLICY = '1.3.6.1.4.1.99999.1';

type Keys = CryptoKeyPair;
export type Issuer = { readonly certificate: Certificate; readonly keys: Keys };

const EC = { name: 'ECDSA', namedCurve: 'P-256' } as const;
let serials = 1;

export type CertificateWishes = {
  readonly from?: number;
  readonly to: number;
  readonly issuer?: Issuer;
  readonly isAuthority?: boolean;
  /** Purposes. */
  readonly purposes?: readonly string[];
  readonly isPurposeCritical?: boolean;
  readonly pathLength?: number;
  readonly keys?: Keys;
  /** First byte of its keyUsage. Default: as it should be. */
  readonly usage?: number;
  /** A critical extension that nobody knows. */
  readonly odd?: boolean;
};

export async function certificateOf(name: string, wishes: CertificateWishes): Promise<Issuer> {
  const keys = wishes.keys ?? (await crypto.subtle.generateKey(EC, true, ['sign', 'verify']));
  const certificate = new Certificate();
  certificate.version = 2;
  certificate.serialNumber = new Integer({ value: serials++ });
  const common = new AttributeTypeAndValue({ type: '2.5.4.3', value: new PrintableString({ value: name }) });
  certificate.subject.typesAndValues.push(common);
  const issuer = wishes.issuer ?? { certificate, keys };
  certificate.issuer.typesAndValues.push(...issuer.certificate.subject.typesAndValues);
  certificate.notBefore.value = new Date(wishes.from ?? 1_700_000_000_000);
  certificate.notAfter.value = new Date(wishes.to);
  const extension = (extnID: string, critical: boolean, value: ArrayBuffer) =>
    new Extension({ extnID, critical, extnValue: value });
  const isAuthority = wishes.isAuthority ?? wishes.issuer === undefined;
  const constraints = new BasicConstraints({
    cA: isAuthority,
    ...(wishes.pathLength !== undefined && { pathLenConstraint: wishes.pathLength }),
  });
  const usage = new BitString({
    valueHex: new Uint8Array([wishes.usage ?? (isAuthority ? 0x06 : 0x80)]).buffer,
  });
  certificate.extensions = [
    extension('2.5.29.19', true, constraints.toSchema().toBER()),
    extension('2.5.29.15', true, usage.toBER()),
  ];
  if (!isAuthority) {
    const keyPurposes = [...(wishes.purposes ?? [TIME_STAMPING])];
    const purposes = new ExtKeyUsage({ keyPurposes }).toSchema().toBER();
    certificate.extensions.push(extension('2.5.29.37', wishes.isPurposeCritical ?? true, purposes));
  }
  if (wishes.odd === true)
    certificate.extensions.push(
      extension('1.3.6.1.4.1.99999.7', true, new AsnBoolean({ value: true }).toBER()),
    );
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await certificate.sign(issuer.keys.privateKey, 'SHA-256');
  // As others would read it.
  return { certificate: Certificate.fromBER(certificate.toSchema(true).toBER()), keys };
}

export const pemOf = ({ certificate }: Issuer): string => {
  const base64 = Buffer.from(certificate.toSchema().toBER()).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/(.{64})/g, '$1\n').trimEnd()}\n-----END CERTIFICATE-----\n`;
};

export type TokenWishes = {
  readonly genTimeMs: number;
  readonly nonce?: Uint8Array | null;
  readonly policy?: string;
  readonly imprint?: Uint8Array;
  readonly imprintAlgorithm?: string;
  /** Instead of the signer's certificate, in the attribute that names it; null: the attribute is not there. */
  readonly named?: Certificate | null;
  /** Instead of the content type of a TSTInfo. */
  readonly contentType?: string;
  readonly signWith?: CryptoKey;
  readonly certificates?: readonly Certificate[];
  readonly attributesTwice?: boolean;
};

/** The token of that signer over those bytes. */
export async function tokenOf(signer: Issuer, data: Uint8Array, wishes: TokenWishes): Promise<Uint8Array> {
  const info = new TSTInfo({
    version: 1,
    policy: wishes.policy ?? POLICY,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithmId: wishes.imprintAlgorithm ?? SHA256 }),
      hashedMessage: new OctetString({ valueHex: Uint8Array.from(wishes.imprint ?? nodeSha256(data)) }),
    }),
    serialNumber: new Integer({ value: serials++ }),
    genTime: new Date(wishes.genTimeMs),
    accuracy: new Accuracy({ seconds: 1 }),
    ...(wishes.nonce && { nonce: new Integer({ valueHex: Uint8Array.from(wishes.nonce) }) }),
  });
  const content = new Uint8Array(info.toSchema().toBER());
  const attribute = (type: string, value: unknown) => new Attribute({ type, values: [value] });
  const named = wishes.named === undefined ? signer.certificate : wishes.named;
  const hash = named === null ? null : nodeSha256(new Uint8Array(named.toSchema().toBER()));
  const attributes = [
    attribute(
      '1.2.840.113549.1.9.3',
      new ObjectIdentifier({ value: wishes.contentType ?? '1.2.840.113549.1.9.16.1.4' }),
    ),
    attribute('1.2.840.113549.1.9.4', new OctetString({ valueHex: Uint8Array.from(nodeSha256(content)) })),
    ...(hash === null
      ? []
      : [
          attribute(
            '1.2.840.113549.1.9.16.2.47',
            new Sequence({
              value: [
                new Sequence({
                  value: [new Sequence({ value: [new OctetString({ valueHex: Uint8Array.from(hash) })] })],
                }),
              ],
            }),
          ),
        ]),
  ];
  if (wishes.attributesTwice === true) attributes.push(attributes[1] as Attribute);
  const signed = new SignedData({
    version: 3,
    encapContentInfo: new EncapsulatedContentInfo({
      eContentType: '1.2.840.113549.1.9.16.1.4',
      eContent: new OctetString({ valueHex: content }),
    }),
    signerInfos: [
      new SignerInfo({
        version: 1,
        sid: new IssuerAndSerialNumber({
          issuer: signer.certificate.issuer,
          serialNumber: signer.certificate.serialNumber,
        }),
        signedAttrs: new SignedAndUnsignedAttributes({ type: 0, attributes }),
      }),
    ],
    certificates: [...(wishes.certificates ?? [signer.certificate])],
  });
  await signed.sign(wishes.signWith ?? signer.keys.privateKey, 0, 'SHA-256');
  const outer = new ContentInfo({ contentType: '1.2.840.113549.1.7.2', content: signed.toSchema(true) });
  return new Uint8Array(outer.toSchema().toBER());
}

const responseOf = (status: number, token?: Uint8Array): Uint8Array =>
  new Uint8Array(
    new TimeStampResp({
      status: new PKIStatusInfo({ status }),
      ...(token && { timeStampToken: ContentInfo.fromBER(Uint8Array.from(token)) }),
    })
      .toSchema()
      .toBER(),
  );

/** `hang`: no answer. `drop`: the connection ends. `flood`: more than anybody wants. */
export type AuthorityReply =
  | { readonly status?: number; readonly body: Uint8Array }
  | { readonly refused: number }
  | { readonly wishes: Partial<TokenWishes> }
  | 'hang'
  | 'drop'
  | 'flood';

export type StampAuthority = AsyncDisposable & {
  readonly url: string;
  readonly roots: string;
  signer: Issuer;
  /** Requests so far. */
  asked: number;
  script: (nth: number) => AuthorityReply | undefined;
};

/** On loopback, with a root and a signer whose certificate ends then. */
export async function stampAuthority(
  nowMs: () => number,
  endsMs = nowMs() + 400 * DAY_MS,
): Promise<StampAuthority> {
  const root = await certificateOf('Test Root', { to: nowMs() + 7_000 * DAY_MS });
  const signer = await certificateOf('Test Authority', { to: endsMs, issuer: root });
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      const scripted = authority.script(authority.asked++);
      if (scripted === 'hang') return;
      if (scripted === 'drop') return void request.socket.destroy();
      response.setHeader('content-type', 'application/timestamp-reply');
      if (scripted === 'flood') return void response.end(Buffer.alloc(200_000));
      if (scripted !== undefined && 'body' in scripted)
        return void response.writeHead(scripted.status ?? 200).end(scripted.body);
      if (scripted !== undefined && 'refused' in scripted)
        return void response.end(responseOf(scripted.refused));
      const asked = TimeStampReq.fromBER(Uint8Array.from(Buffer.concat(parts)));
      const imprint = Uint8Array.from(asked.messageImprint.hashedMessage.valueBlock.valueHexView);
      const nonce = asked.nonce === undefined ? null : Uint8Array.from(asked.nonce.valueBlock.valueHexView);
      const policy = asked.reqPolicy ?? POLICY;
      const wishes = { genTimeMs: nowMs(), imprint, nonce, policy, ...scripted?.wishes };
      response.end(responseOf(0, await tokenOf(authority.signer, new Uint8Array(0), wishes)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const authority: StampAuthority = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`,
    roots: pemOf(root),
    signer,
    asked: 0,
    script: () => undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return Object.assign(authority, { root });
}
