// What `start` prints once everything answers: addresses, where the API key is, and a first event to send.
import { firstEventCommand } from './home-page.ts';

/** The API key as the reader can get at it. `file`: kept in the data folder; without one it is that of POSTHORN_API_KEY. */
export interface KeyPlace {
  key: string;
  file?: string;
  /** Made by this start. */
  isNew?: boolean;
}

export interface Announced {
  origin: string;
  temporalUiUrl: string | null;
  /** Of the embedded Temporal. */
  temporalAddress: string | null;
  apiKey: KeyPlace;
  /** Tenant `demo` is there. */
  hasDemo: boolean;
  /** A person reads it: what is printed is kept in no log. */
  isTerminal: boolean;
}

/** A key stands in it only when it was made just now and goes to a terminal: the output of a service becomes a log. */
export function announcement({ origin, temporalUiUrl, temporalAddress, apiKey, hasDemo, isTerminal }: Announced): string[] {
  const { key, file, isNew = false } = apiKey;
  const place = file === undefined ? 'as you set it in POSTHORN_API_KEY' : `in ${file}`;
  const inCommands = file === undefined ? '$POSTHORN_API_KEY' : `$(cat ${shellWord(file)})`;
  return [
    '',
    'Posthorn is running. Ctrl-C stops it; the next start goes on where it was.',
    `  API              ${origin}/v1`,
    `  API description  ${origin}/openapi.json`,
    ...(temporalUiUrl ? [`  Temporal Web UI  ${temporalUiUrl}`] : []),
    ...(temporalAddress ? [`  Temporal         ${temporalAddress} (temporal workflow list --address ${temporalAddress})`] : []),
    `  API key          ${isNew && isTerminal ? `${key} (shown this once; kept ${place})` : place}`,
    '',
    ...(hasDemo
      ? demoCommands(origin, inCommands)
      : ['This store has no tenant `demo` to try things with: `npm start -- --demo` makes one.']),
  ];
}

function demoCommands(origin: string, key: string): string[] {
  return [
    'Send a first event:',
    '',
    firstEventCommand(origin, key),
    '',
    'and see it arrive, signed, at the sandbox receiver:',
    '',
    `curl -H "authorization: Bearer ${key}" ${origin}/sandbox/demo`,
  ];
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
