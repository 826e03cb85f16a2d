import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDirectory } from '../documents.ts';

/** The requests that the profile least-privilege allows: patterns for the method and the path without the API's version. */
export async function readAllowedRequests(): Promise<readonly RegExp[]> {
  const text = await readFile(join(projectDirectory, 'least-privilege/allowed-requests'), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => new RegExp(line));
}

/** A request line's method and path in the form that the patterns match: without the API's version and without the query. */
export function nameRequest(request: string): string {
  return request.replace(/ \/v\d+\.\d+\//, ' /').replace(/\?.*/s, '');
}
