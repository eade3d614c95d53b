// Builds the text that `start` prints once everything is ready: addresses, where the API key is,
// and commands to send a first event.
import { firstEventCommand } from './home-page.ts';

/**
 * Where the reader finds the API key. `file`: stored in the data folder; without it the key is the value of
 * POSTHORN_API_KEY.
 */
export interface KeyPlace {
  key: string;
  file?: string;
  /** Created by this start. */
  isNew?: boolean;
}

export interface Announced {
  origin: string;
  temporalUiUrl: string | null;
  /** Of the embedded Temporal. */
  temporalAddress: string | null;
  /** Calls the `temporal` command of the embedded Temporal. */
  temporalCommand: string | null;
  apiKey: KeyPlace;
  /** Tenant `demo` exists. */
  hasDemo: boolean;
  /** The output goes to a terminal, so it is not kept in a log. */
  isTerminal: boolean;
}

/**
 * Contains the key itself only if this start created it and prints to a terminal, because the output of a service is
 * kept in a log.
 */
export function announcement(announced: Announced): string[] {
  const { origin, temporalUiUrl, temporalAddress, temporalCommand, apiKey, hasDemo, isTerminal } = announced;
  const { key, file, isNew = false } = apiKey;
  const place = file === undefined ? 'the value of POSTHORN_API_KEY' : `in ${file}`;
  const inCommands = file === undefined ? '$POSTHORN_API_KEY' : `$(cat ${shellWord(file)})`;
  return [
    '',
    'Posthorn is running. Press Ctrl-C to stop it. The next start continues where it stopped.',
    `  Dashboard        ${origin}/dashboard (sign in with the API key)`,
    `  API              ${origin}/v1`,
    `  Documentation    ${origin}/docs/`,
    `  API description  ${origin}/openapi.json`,
    ...(temporalUiUrl ? [`  Temporal Web UI  ${temporalUiUrl}`] : []),
    ...(temporalAddress
      ? [`  Temporal         ${temporalAddress} (${shellWord(temporalCommand ?? 'temporal')} workflow list --address ${temporalAddress})`]
      : []),
    `  API key          ${isNew && isTerminal ? `${key} (shown only once; stored ${place})` : place}`,
    '',
    ...(hasDemo
      ? demoCommands(origin, inCommands)
      : ['There is no tenant `demo` for trying things out. Create it with `npm start -- --demo`.']),
  ];
}

function demoCommands(origin: string, key: string): string[] {
  return [
    'Send a first event:',
    '',
    firstEventCommand(origin, key),
    '',
    'See it arrive, signed, at the sandbox receiver:',
    '',
    `curl -H "authorization: Bearer ${key}" ${origin}/sandbox/demo`,
  ];
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
