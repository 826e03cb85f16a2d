import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

/** Environment variables that name a bundle of certificates for programs. */
const BUNDLE_VARIABLES = [
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'npm_config_cafile',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
];
const LOCAL_CERTIFICATES = '/usr/local/share/ca-certificates';
const STOCK_CERTIFICATES = '/usr/share/ca-certificates';

/**
 * The certificates that this machine trusts in addition to the stock ones. An image needs them to reach a registry from here.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]} in PEM, each once, in a fixed order
 */
export function findHostCertificates(env) {
  const bundles = BUNDLE_VARIABLES.flatMap((name) => env[name] ?? []);
  const texts = [...new Set(bundles), ...listCertificates(LOCAL_CERTIFICATES)].map(readText);
  const stock = listCertificates(STOCK_CERTIFICATES).map(readText);
  return selectCertificates(texts, [...stock, ...rootCertificates]);
}

/**
 * @param {readonly string[]} texts of files with certificates
 * @param {readonly string[]} stock of certificates that every image has
 * @returns {string[]} the certificates of `texts` that `stock` lacks
 */
export function selectCertificates(texts, stock) {
  const known = new Set(stock.flatMap(splitBundle));
  return [...new Set(texts.flatMap(splitBundle))].filter((one) => !known.has(one) && isCertificate(one)).sort();
}

/** @param {string} text */
function splitBundle(text) {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return found.map((one) => `${one.replace(/\r/g, '').trim()}\n`);
}

/** @param {string} text */
function isCertificate(text) {
  try {
    return new X509Certificate(text).subject !== '';
  } catch {
    return false;
  }
}

/** @param {string} directory */
function listCertificates(directory) {
  try {
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => name.endsWith('.crt')).map((name) => join(directory, name));
  } catch {
    return [];
  }
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
