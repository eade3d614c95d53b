// The request and the response of an attempt, side by side where there is room.
import type { Attempt, AttemptDetails } from '@posthorn/client';
import type { ReactNode } from 'react';
import { count } from '../../words/format.ts';
import { endingInGerman } from '../../words/german/outcomes.ts';
import { signatureInGerman } from '../../words/german/signature.ts';
import { useWords } from '../../words/words.tsx';
import { Copy } from '../Copy.tsx';
import { indented } from '../indent-json.ts';
import { Code } from '../Json.tsx';
import { Sentence } from '../Sentence.tsx';
import { Tag, type Tone } from '../Status.tsx';
import { curlOf } from './curl.ts';
import { PhaseFigures } from './Waterfall.tsx';
import { useAttemptWords } from './words.ts';
import './exchange.css';

type Headers = readonly (readonly string[])[];

/** `details`: absent while they are read. */
export function Exchange({ attempt, details }: { attempt: Attempt; details: AttemptDetails | undefined }) {
  const words = useAttemptWords();
  return (
    <div className="exchange">
      <div className="exchange-timing">
        <PhaseFigures timings={attempt.timings} />
        {attempt.timings.connectMs === null && attempt.timings.firstByteMs !== null && <span className="quiet">{words.reused}</span>}
        {attempt.reconnected && <span className="quiet">{words.reconnected}</span>}
      </div>
      <RequestSide attempt={attempt} details={details} />
      <ResponseSide attempt={attempt} />
    </div>
  );
}

const toneOf: Record<AttemptDetails['signature']['verdict'], Tone> = {
  valid: 'good',
  rotated: 'warning',
  no_match: 'bad',
  not_checked: 'muted',
};

function RequestSide({ attempt, details }: { attempt: Attempt; details: AttemptDetails | undefined }) {
  const words = useAttemptWords();
  const { request } = attempt;
  if (!request) {
    return (
      <Side title={words.request}>
        <p className="quiet">{words.requestGone}</p>
      </Side>
    );
  }
  const body = details?.sentBody.text ?? null;
  const curl = body !== null && !details?.sentBody.truncated && (
    <Copy what={words.asCurl} text={() => curlOf({ url: request.url, headers: pairs(request.headers), body })} />
  );
  return (
    <Side title={words.request} actions={curl}>
      <p className="exchange-line">
        <strong>{request.method}</strong> <code>{request.url}</code>
      </p>
      {details && (
        <p className="exchange-signature">
          <Tag tone={toneOf[details.signature.verdict]}>{words.signature[details.signature.verdict]}</Tag>
          <span className="quiet">
            <Sentence text={details.signature.message} german={() => signatureInGerman(details.signature)} />
          </span>
        </p>
      )}
      <HeaderList headers={request.headers} label={words.request} />
      {details && <SentBody details={details} />}
    </Side>
  );
}

const pairs = (headers: Headers) => headers.map(([name = '', value = '']): [string, string] => [name, value]);

function SentBody({ details: { sentBody, request } }: { details: AttemptDetails }) {
  const words = useAttemptWords();
  const { state, text, truncated } = sentBody;
  if (text === null) {
    return (
      <p className="quiet">
        {state === 'erased' ? words.bodyErased : words.bodyUnknown} {state !== 'erased' && <code>{request?.body.sha256}</code>}
      </p>
    );
  }
  return <Body text={text} label={`${words.request}: ${words.body}`} note={truncated ? words.bodyCut : undefined} />;
}

function ResponseSide({ attempt }: { attempt: Attempt }) {
  const words = useAttemptWords();
  const { outcome, status, message, headers, body, bodyTruncated, address } = attempt;
  return (
    <Side title={words.response}>
      <p className="exchange-line">
        <Sentence text={message} german={() => endingInGerman(outcome, status)} />
        {address && (
          <span className="quiet">
            {' '}
            ({words.to} <code>{address}</code>)
          </span>
        )}
      </p>
      {status === null && <p className="quiet">{words.noResponse}</p>}
      {headers.length > 0 && <HeaderList headers={headers} label={words.response} />}
      {body === '' && <p className="quiet">{words.emptyBody}</p>}
      {body && <Body text={body} label={`${words.response}: ${words.body}`} note={bodyTruncated ? words.cut : undefined} />}
    </Side>
  );
}

function Body({ text, label, note }: { text: string; label: string; note: string | undefined }) {
  const { locale } = useWords();
  const words = useAttemptWords();
  return (
    <div className="exchange-body">
      <div className="exchange-body-head">
        <span className="quiet">
          {words.body}, {words.bytes(count(new TextEncoder().encode(text).length, locale))}
        </span>
        <Copy text={text} />
      </div>
      <Code text={indented(text)} label={label} kind={/^\s*[[{]/.test(text) ? 'json' : 'text'} />
      {note && <p className="quiet">{note}</p>}
    </div>
  );
}

function HeaderList({ headers, label }: { headers: Headers; label: string }) {
  const words = useAttemptWords();
  return (
    <details className="exchange-headers">
      <summary>
        {words.headers(headers.length)}
        <span className="visually-hidden">, {label}</span>
      </summary>
      <dl>
        {headers.map(([name, value], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a header may be there twice
          <div key={index}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Side({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="exchange-side" aria-label={title}>
      <header>
        <h3>{title}</h3>
        {actions}
      </header>
      {children}
    </section>
  );
}
