import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  id_kp_serverAuth,
} from '@peculiar/asn1-x509';

/** A certificate and its private key, both as PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** The certificates of one run: whoever has the key of neither the client nor the server gets no connection. */
export interface RunCertificates {
  /** The authority, whose key is thrown away after it has signed both. */
  readonly ca: string;
  readonly server: Identity;
  readonly client: Identity;
}

/** The name in the certificate of every node proxy. Clients check it instead of an address. */
export const proxyName = 'zentoo-node-proxy';

const dayMs = 86_400_000;
/** The clocks of two nodes may differ by this time. */
const skewMs = dayMs;
/** Longer than any build. */
const validMs = 90 * dayMs;

/** Makes the certificates of a run that begins `now`: an authority, a node proxy and a client, with keys of Ed25519 (RFC 8410). */
export function makeCertificates(now: Date): RunCertificates {
  const authority = generateKeyPairSync('ed25519');
  const issuer = { name: 'zentoo run', key: authority.privateKey };
  const make = (name: string, publicKey: KeyObject, extensions: readonly Extension[]) =>
    certificate({ name, publicKey, extensions, now }, issuer);
  const identity = (name: string, use: string): Identity => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const extensions = [
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
      extension(id_ce_extKeyUsage, new ExtendedKeyUsage([use])),
      extension(id_ce_subjectAltName, new SubjectAlternativeName([new GeneralName({ dNSName: name })])),
    ];
    return {
      cert: make(name, publicKey, extensions),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  };
  return {
    ca: make(issuer.name, authority.publicKey, [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign), true),
    ]),
    server: identity(proxyName, id_kp_serverAuth),
    client: identity('zentoo-client', id_kp_clientAuth),
  };
}

interface Subject {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Extension[];
  readonly now: Date;
}

/** Signs a certificate of version 3 (RFC 5280, section 4.1). Returns PEM. */
function certificate(
  { name, publicKey, extensions, now }: Subject,
  issuer: { readonly name: string; readonly key: KeyObject },
): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ed25519 });
  const signed = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: distinguishedName(issuer.name),
    validity: new Validity({
      notBefore: new Date(now.getTime() - skewMs),
      notAfter: new Date(now.getTime() + validMs),
    }),
    subject: distinguishedName(name),
    subjectPublicKeyInfo: AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo),
    extensions: new Extensions([...extensions]),
  });
  const signature = sign(null, Buffer.from(AsnConvert.serialize(signed)), issuer.key);
  const whole = new Certificate({
    tbsCertificate: signed,
    signatureAlgorithm: algorithm,
    signatureValue: new Uint8Array(signature).buffer,
  });
  const lines =
    Buffer.from(AsnConvert.serialize(whole))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** RFC 8410, section 3. */
const ed25519 = '1.3.101.112';

/** A positive number of 16 bytes. */
function serialNumber(): ArrayBuffer {
  return Uint8Array.from([0x4c, ...randomBytes(15)]).buffer;
}

/** An extension of the class `value`. */
function extension(extnID: string, value: object, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function distinguishedName(name: string): Name {
  const value = new AttributeValue({ utf8String: name });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: commonName, value })])]);
}

const commonName = '2.5.4.3';
