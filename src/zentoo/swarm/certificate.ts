import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

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
  const make = (name: string, publicKey: KeyObject, extensions: readonly Buffer[]) =>
    certificate({ name, publicKey, extensions, now }, issuer);
  const identity = (name: string, use: string): Identity => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const extensions = [keyUsage(digitalSignature), extension(oids.extendedKeyUsage, sequence(oid(use))), nameOf(name)];
    return {
      cert: make(name, publicKey, extensions),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  };
  return {
    ca: make(issuer.name, authority.publicKey, [
      extension(oids.basicConstraints, sequence(der(0x01, Buffer.from([0xff]))), true),
      keyUsage(certificateSign),
    ]),
    server: identity(proxyName, oids.serverAuth),
    client: identity('zentoo-client', oids.clientAuth),
  };
}

interface Subject {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly now: Date;
}

/** Signs a certificate of version 3 (RFC 5280, section 4.1). Returns PEM. */
function certificate(
  { name, publicKey, extensions, now }: Subject,
  issuer: { readonly name: string; readonly key: KeyObject },
): string {
  const algorithm = sequence(oid(oids.ed25519));
  const signed = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // A positive number of 16 bytes.
    der(0x02, Buffer.concat([Buffer.from([0x4c]), randomBytes(15)])),
    algorithm,
    distinguishedName(issuer.name),
    sequence(time(now.getTime() - skewMs), time(now.getTime() + validMs)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign(null, signed, issuer.key);
  const base64 = sequence(signed, algorithm, bits(signature)).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

const oids = {
  ed25519: '1.3.101.112',
  commonName: '2.5.4.3',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Bits of the key usage: RFC 5280, section 4.2.1.3. */
const digitalSignature = Buffer.from([0x07, 0x80]);
const certificateSign = Buffer.from([0x02, 0x04]);

function keyUsage(usage: Buffer): Buffer {
  return extension(oids.keyUsage, der(0x03, usage), true);
}

function nameOf(name: string): Buffer {
  return extension(oids.subjectAltName, sequence(der(0x82, Buffer.from(name, 'latin1'))));
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [der(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...critical, der(0x04, value));
}

function distinguishedName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid(oids.commonName), der(0x0c, Buffer.from(name)))));
}

/** A time in a certificate: with two digits for the year until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return digits < '2050' ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

function bits(content: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([0]), content]));
}

function sequence(...content: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(content));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const base128 = (value: number): readonly number[] =>
    value < 128 ? [value] : [...base128(Math.floor(value / 128)).map((byte) => byte | 128), value % 128];
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** One value in the distinguished encoding rules (X.690). */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
