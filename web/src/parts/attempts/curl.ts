// A request as a command line for a POSIX shell. What a producer or an endpoint wrote stays an argument, whatever it is.

export interface RequestToRepeat {
  url: string;
  headers: readonly (readonly [string, string])[];
  body: string;
}

/** curl makes these itself. */
const ofTheConnection = ['host', 'connection', 'content-length', 'accept-encoding'];

/** In single quotes nothing has a meaning but the single quote. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** `--globoff`: brackets in the URL are no patterns. `--data-raw`: a body that begins with @ names no file. */
export function curlOf({ url, headers, body }: RequestToRepeat): string {
  const sent = headers.filter(([name]) => !ofTheConnection.includes(name.toLowerCase()));
  const lines = [
    `curl --globoff --request POST --url ${quoted(url)}`,
    // `name;` sends an empty value, `name:` would leave the header out
    ...sent.map(([name, value]) => `--header ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`),
    `--data-raw ${quoted(body)}`,
  ];
  return lines.join(' \\\n  ');
}
