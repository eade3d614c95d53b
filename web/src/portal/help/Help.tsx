// What a receiver must know: the signature with code, what answers mean, retries, addresses. In English the texts are those of the
// API.
import type { ConsumerDocumentation } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Copy } from '../../parts/Copy.tsx';
import { Select } from '../../parts/Field.tsx';
import { Code } from '../../parts/Json.tsx';
import { Facts, Page, Section } from '../../parts/Page.tsx';
import { Sentence } from '../../parts/Sentence.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
import { answerInGerman, headerInGerman, outageInGerman, stepInGerman } from '../../words/german/documentation.ts';
import { useEndpoints, useTenant } from '../tenant.ts';
import { useHelpWords } from './words.ts';
import '../../parts/small-table.css';
import '../forms.css';

const route = getRouteApi('/help');

export function Help() {
  const words = useHelpWords();
  const tenant = useTenant();
  const { endpoint } = route.useSearch();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['documentation', tenant, endpoint],
    queryFn: ({ signal }) => posthorn.tenants.documentation(tenant, { events: 'none', ...(endpoint && { endpoint }) }, { signal }),
    staleTime: 60_000,
  });
  return (
    <Page title={words.title}>
      <EndpointChoice />
      {isPending && <Skeleton rows={10} />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && <Contents document={data} />}
    </Page>
  );
}

/** Endpoints may sign and retry in their own ways. */
function EndpointChoice() {
  const words = useHelpWords();
  const { endpoint = '' } = route.useSearch();
  const navigate = useNavigate();
  const { data = [] } = useEndpoints();
  if (data.length === 0) return null;
  return (
    <div className="pf-narrow">
      <Select
        label={words.forEndpoint}
        value={endpoint}
        onChange={({ target }) =>
          void navigate({ to: '/help', search: target.value === '' ? {} : { endpoint: target.value }, replace: true })
        }
      >
        <option value="">{words.usual}</option>
        {data.map(({ id, url }) => (
          <option key={id} value={id}>
            {url}
          </option>
        ))}
      </Select>
    </div>
  );
}

function Contents({ document }: { document: ConsumerDocumentation }) {
  const words = useHelpWords();
  const { signature, request, answers, retries, addresses, missed } = document;
  return (
    <>
      <Section title={words.signature}>
        <Signature signature={signature} />
      </Section>
      <Section title={words.answers}>
        <Table
          head={[words.answer, words.delivery, words.endpoint]}
          rows={answers.map((one) =>
            (['status', 'delivery', 'endpoint'] as const).map((part) => (
              <Sentence key={part} text={one[part]} german={() => answerInGerman(one)?.[part] ?? null} />
            )),
          )}
        />
      </Section>
      <Section title={words.retries}>
        <ul className="pf-steps">
          {retries.outages.map((one) => (
            <li key={one.downForMs}>
              <Sentence text={one.sentence} german={() => outageInGerman(one, retries.attempts.length)} />
            </li>
          ))}
        </ul>
      </Section>
      <Section title={words.headers}>
        <Table
          head={[]}
          rows={request.headers.map(({ name, meaning }) => [
            <code key="name">{name}</code>,
            <Sentence key="meaning" text={meaning} german={() => headerInGerman(name)} />,
          ])}
        />
      </Section>
      <Section title={words.addresses}>
        <Addresses addresses={addresses} />
      </Section>
      <Section title={words.missed}>
        <p>
          <Sentence text={missed.when} german={() => words.missedWhen} />
        </p>
        <Code text={`${missed.list}\n${missed.acknowledge}`} label={words.missed} kind="text" />
      </Section>
    </>
  );
}

function Signature({ signature: { steps, stepCodes, schemes, publicKeysUrl, code } }: Pick<ConsumerDocumentation, 'signature'>) {
  const words = useHelpWords();
  return (
    <>
      <ol className="pf-steps">
        {steps.map((text, index) => (
          <li key={text}>
            <Sentence text={text} german={() => stepInGerman(stepCodes[index])} />
          </li>
        ))}
      </ol>
      {schemes.some((scheme) => scheme !== 'v1') && <Facts facts={[[words.publicKeys, <code key="keys">{publicKeysUrl}</code>]]} />}
      {code.length > 0 && <Samples code={code} />}
    </>
  );
}

function Addresses({ addresses: { egressIps, note } }: Pick<ConsumerDocumentation, 'addresses'>) {
  const words = useHelpWords();
  if (egressIps.length === 0) return <p className="quiet">{words.noAddresses}</p>;
  return (
    <>
      <p>
        <Sentence text={note} german={() => words.addressesNote} />
      </p>
      <Code text={egressIps.join('\n')} label={words.addresses} kind="text" />
    </>
  );
}

function Samples({ code }: { code: ConsumerDocumentation['signature']['code'] }) {
  const words = useHelpWords();
  const [chosen, setChosen] = useState(code[0]?.language);
  const sample = code.find(({ language }) => language === chosen) ?? code[0];
  return (
    <>
      <div className="pf-narrow">
        <Select label={words.language} value={sample?.language} onChange={({ target }) => setChosen(target.value)}>
          {code.map(({ language, title }) => (
            <option key={language} value={language}>
              {title}
            </option>
          ))}
        </Select>
      </div>
      {sample && (
        <>
          <div>
            <code>{sample.file}</code> <Copy text={sample.code} />
          </div>
          <Code text={sample.code} label={`${words.code} ${sample.title}`} kind="text" lang="en" />
        </>
      )}
    </>
  );
}

function Table({ head, rows }: { head: string[]; rows: React.ReactNode[][] }) {
  return (
    <table className={head.length > 2 ? 'small-table small-table-narrow' : 'small-table'}>
      {head.length > 0 && (
        <thead>
          <tr>
            {head.map((text) => (
              <th key={text} scope="col">
                {text}
              </th>
            ))}
          </tr>
        </thead>
      )}
      <tbody>
        {rows.map(([first, ...others], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the rows of a document do not move
          <tr key={index}>
            <th scope="row">{first}</th>
            {others.map((cell, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the cells of a document do not move
              <td key={at}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
