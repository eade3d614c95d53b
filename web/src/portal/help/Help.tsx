// What a receiver must know: the signature with code, what answers mean, retries, addresses. The texts are those of the API.
import type { ConsumerDocumentation } from '@posthorn/client';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { posthorn } from '../../api/client.ts';
import { Copy } from '../../parts/Copy.tsx';
import { Select } from '../../parts/Field.tsx';
import { Code } from '../../parts/Json.tsx';
import { Facts, Page, Section } from '../../parts/Page.tsx';
import { Prose } from '../../parts/Prose.tsx';
import { Problem, Skeleton } from '../../parts/States.tsx';
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
        <ol lang="en" className="pf-steps">
          {signature.steps.map((step) => (
            <li key={step}>
              <Prose text={step} />
            </li>
          ))}
        </ol>
        {signature.schemes.some((scheme) => scheme !== 'v1') && (
          <Facts facts={[[words.publicKeys, <code key="keys">{signature.publicKeysUrl}</code>]]} />
        )}
        {signature.code.length > 0 && <Samples code={signature.code} />}
      </Section>
      <Section title={words.answers}>
        <Table
          head={[words.answer, words.delivery, words.endpoint]}
          rows={answers.map(({ status, delivery, endpoint }) => [status, delivery, endpoint])}
        />
      </Section>
      <Section title={words.retries}>
        <ul lang="en" className="pf-steps">
          {retries.outages.map(({ sentence }) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </Section>
      <Section title={words.headers}>
        <Table head={[]} rows={request.headers.map(({ name, meaning }) => [<code key={name}>{name}</code>, meaning])} />
      </Section>
      <Section title={words.addresses}>
        {addresses.egressIps.length === 0 ? (
          <p className="quiet">{words.noAddresses}</p>
        ) : (
          <>
            <p lang="en">{addresses.note}</p>
            <Code text={addresses.egressIps.join('\n')} label={words.addresses} kind="text" />
          </>
        )}
      </Section>
      <Section title={words.missed}>
        <p lang="en">{missed.when}</p>
        <Code text={`${missed.list}\n${missed.acknowledge}`} label={words.missed} kind="text" />
      </Section>
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
          <Code text={sample.code} label={`${words.code} ${sample.title}`} kind="text" />
        </>
      )}
    </>
  );
}

function Table({ head, rows }: { head: string[]; rows: React.ReactNode[][] }) {
  return (
    <table className="small-table" lang="en">
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
