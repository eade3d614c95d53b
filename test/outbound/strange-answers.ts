// Unusual and invalid HTTP/1.1 responses (RFC 9110 15.2, RFC 9112), and Posthorn's outcome for
// each. `bench/strange-answers.ts` sends them to other clients.

export interface StrangeAnswer {
  name: string;
  /** Each char is one byte. */
  bytes: string;
  /** The receiver closes the connection after it. */
  closes: boolean;
  outcome: 'accepted' | 'protocol' | 'reset' | 'timeout';
  /** The end of the attempt's message; null: nothing is wrong. */
  flaw: RegExp | null;
  /** The connection carries the next request. */
  isKept?: boolean;
}

const ok = 'HTTP/1.1 200 OK\r\n';
const empty = 'content-length: 0\r\n\r\n';
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`;
const headersInvalid = /; its headers are not valid HTTP\/1\.1 \([^)]+\)$/;
const bodyInvalid = /; its body is not valid HTTP\/1\.1 \([^)]+\)$/;
const headersLost = /; the connection was lost before its headers ended$/;
const bodyLost = /; the connection was lost before its body ended$/;

function answer(
  name: string,
  bytes: string,
  outcome: StrangeAnswer['outcome'],
  flaw: RegExp | null,
  more: Partial<StrangeAnswer> = {},
): StrangeAnswer {
  return { name, bytes, closes: false, outcome, flaw, ...more };
}
const kept = { isKept: true };
const closes = { closes: true };

export const strangeAnswers: StrangeAnswer[] = [
  answer('`100 Continue`, unasked, then 200', `HTTP/1.1 100 Continue\r\n\r\n${ok}${empty}`, 'accepted', null, kept),
  answer('`102`, then 200', `HTTP/1.1 102 Processing\r\n\r\n${ok}${empty}`, 'accepted', null, kept),
  answer('`103` with headers, then 200', `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok}${empty}`, 'accepted', null, kept),
  answer('20 interim answers, then 200', `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20)}${ok}${empty}`, 'accepted', null, kept),
  answer('`100 Continue` and the end', 'HTTP/1.1 100 Continue\r\n\r\n', 'reset', null, closes),
  answer(
    '`100 Continue`, then a 200 with a broken header',
    `HTTP/1.1 100 Continue\r\n\r\n${ok}no colon\r\n\r\n`,
    'accepted',
    headersInvalid,
  ),
  answer(
    '`101 Switching Protocols`',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    'protocol',
    null,
  ),
  answer('204 with Content-Length: 3 and no body', 'HTTP/1.1 204 No Content\r\ncontent-length: 3\r\n\r\n', 'accepted', null, kept),
  answer('204 with Content-Length: 3 and a body', 'HTTP/1.1 204 No Content\r\ncontent-length: 3\r\n\r\nabc', 'accepted', null),
  answer('204 with Transfer-Encoding: chunked', 'HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n', 'accepted', null, kept),
  answer('a header over two lines (obs-fold)', `${ok}x-y: a\r\n b\r\n${empty}`, 'accepted', headersInvalid),
  answer('lines that end with LF alone', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n', 'accepted', headersInvalid),
  answer('a blank before the colon', `${ok}x-y : z\r\n${empty}`, 'accepted', headersInvalid),
  answer('no reason', `HTTP/1.1 200 \r\n${empty}`, 'accepted', null, kept),
  answer('no reason, and no blank before it', `HTTP/1.1 200\r\n${empty}`, 'accepted', null, kept),
  answer('HTTP/1.0 without a length', 'HTTP/1.0 200 OK\r\n\r\nok', 'accepted', null, closes),
  answer('HTTP/1.1 without a length, until the end', `${ok}\r\nok`, 'accepted', null, closes),
  answer('Content-Length twice, equal', `${ok}content-length: 2\r\ncontent-length: 2\r\n\r\nok`, 'accepted', headersInvalid),
  answer('Content-Length twice, different', `${ok}content-length: 1\r\ncontent-length: 2\r\n\r\nok`, 'accepted', headersInvalid),
  answer('Content-Length that is no number', `${ok}content-length: many\r\n\r\nok`, 'accepted', headersInvalid),
  answer(
    'Content-Length with Transfer-Encoding',
    `${ok}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    'accepted',
    headersInvalid,
  ),
  answer('a chunk extension', `${chunked}2;a=b\r\nok\r\n0\r\n\r\n`, 'accepted', null, kept),
  answer('a broken chunk extension', `${chunked}2;\x01\r\nok\r\n0\r\n\r\n`, 'accepted', bodyInvalid),
  answer('a broken chunk size', `${chunked}zz\r\nok\r\n0\r\n\r\n`, 'accepted', bodyInvalid),
  answer('trailers', `${chunked}2\r\nok\r\n0\r\nx-y: z\r\n\r\n`, 'accepted', null, kept),
  answer('no last chunk', `${chunked}2\r\nok\r\n`, 'accepted', bodyLost, closes),
  answer('a body shorter than Content-Length', `${ok}content-length: 9\r\n\r\nok`, 'accepted', bodyLost, closes),
  answer('bytes after the body', `${ok}content-length: 2\r\n\r\nokmore`, 'accepted', null),
  answer('a second answer', `${ok}${empty}HTTP/1.1 410 Gone\r\n${empty}`, 'accepted', null),
  answer('empty lines before the status line', `\r\n\r\n${ok}${empty}`, 'accepted', null, kept),
  answer('`http/1.1` in small letters', `http/1.1 200 OK\r\n${empty}`, 'accepted', headersInvalid),
  answer('HTTP/2.0 in a status line', `HTTP/2.0 200 OK\r\n${empty}`, 'accepted', null),
  answer('HTTP/9.9 in a status line', `HTTP/9.9 200 OK\r\n${empty}`, 'protocol', null),
  answer('a header without a colon', `${ok}no colon\r\n${empty}`, 'accepted', headersInvalid),
  answer('NUL in a header value', `${ok}x-y: a\0b\r\n${empty}`, 'accepted', headersInvalid),
  answer('a control character in a header value', `${ok}x-y: a\x01b\r\n${empty}`, 'accepted', headersInvalid),
  answer('bytes over 127 in a header value', `${ok}x-y: \xe9\xff\r\n${empty}`, 'accepted', null, kept),
  answer('an empty header name', `${ok}: z\r\n${empty}`, 'accepted', headersInvalid),
  answer('1,000 headers', `${ok}${'a: b\r\n'.repeat(1_000)}${empty}`, 'accepted', null, kept),
  answer('headers over 16 KiB', `${ok}x-pad: ${'p'.repeat(20_000)}\r\n${empty}`, 'accepted', /; its headers are over 16 KiB$/),
  answer('the end in the headers', `${ok}x-y: z\r\n`, 'accepted', headersLost, closes),
  answer('the end in the status line', 'HTTP/1.1 200 O', 'reset', null, closes),
];
