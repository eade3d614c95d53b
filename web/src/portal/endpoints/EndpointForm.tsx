// The form of an endpoint, for a new one and for changes.
import { type FormEvent, type ReactNode, useMemo, useState } from 'react';
import { Button } from '../../parts/Button.tsx';
import { useEventTypes } from '../../parts/event-types.ts';
import { TextField } from '../../parts/Field.tsx';
import { FormProblem } from '../../parts/FormProblem.tsx';
import { isSendable } from '../../parts/filter/filter-draft.ts';
import { fieldsOfTypes } from '../../parts/filter/schema-fields.ts';
import { MessageFields } from '../../parts/messages/MessageFields.tsx';
import { faultsAt, problemAt } from '../../parts/States.tsx';
import { useSubscribedTypes } from '../queries.ts';
import { type EndpointDraft, hasTypes, isRate } from './endpoint-draft.ts';
import { FilterSection } from './FilterSection.tsx';
import { MoreSettings } from './MoreSettings.tsx';
import { ReceiverChoice } from './ReceiverChoice.tsx';
import { TypePicker } from './TypePicker.tsx';
import { useEndpointWords } from './words.ts';

interface EndpointFormProps {
  draft: EndpointDraft;
  onChange: (change: Partial<EndpointDraft>) => void;
  onSend: () => void;
  /** The verb of the button. */
  action: string;
  /** Why there is nothing to send. */
  because?: string | undefined;
  isPending: boolean;
  error: unknown;
  /** Over the button. */
  notice?: ReactNode;
}

/** Whose problems stand beside them. */
const shownFields = ['url', 'eventTypes', 'filter', 'transform', 'description', 'headers', 'rateLimit'];

export function EndpointForm({ draft, onChange, onSend, action, because, isPending, error, notice }: EndpointFormProps) {
  const words = useEndpointWords().form;
  const [isChecked, setIsChecked] = useState(false);
  const isRefused = shownFields.some((field) => faultsAt(error, field).length > 0);
  const isFit = draft.url.trim() !== '' && isSendable(draft.filter) && hasTypes(draft) && isRate(draft.perSecond);
  const send = (event: FormEvent) => {
    event.preventDefault();
    setIsChecked(true);
    if (isFit && !isPending && because === undefined) onSend();
  };
  return (
    <form className="pf-form" noValidate onSubmit={send}>
      <FormProblem error={error} fields={shownFields} />
      <EndpointFields draft={draft} onChange={onChange} isChecked={isChecked} error={error} />
      {notice}
      <div className="pf-end">
        <Button type="submit" tone="primary" isPending={isPending} because={because}>
          {action}
        </Button>
        {isChecked && (!isFit || isRefused) && (
          <span className="field-problem" role="alert">
            {words.fix}
          </span>
        )}
      </div>
    </form>
  );
}

interface EndpointFieldsProps extends Pick<EndpointFormProps, 'draft' | 'onChange' | 'error'> {
  isChecked: boolean;
}

function EndpointFields({ draft, onChange: set, isChecked, error }: EndpointFieldsProps) {
  const words = useEndpointWords().form;
  const types = useEventTypes(useSubscribedTypes(draft.allTypes ? [] : draft.eventTypes));
  const fields = useMemo(() => fieldsOfTypes(types), [types]);
  const at = (path: string) => problemAt(error, path);
  const { receiver } = draft;
  return (
    <>
      <TextField
        label={words.url}
        hint={words.urlHint}
        type="url"
        inputMode="url"
        required
        value={draft.url}
        problem={isChecked && draft.url.trim() === '' ? words.urlMissing : at('url')}
        onChange={({ target }) => set({ url: target.value })}
      />
      <ReceiverChoice draft={draft} onChange={(chosen) => set({ receiver: chosen })} />
      {receiver !== 'server' && receiver !== 'other' && (
        <MessageFields
          chat={receiver}
          preset={draft.preset}
          onChange={(preset) => set({ preset })}
          fields={fields}
          type={types[0]}
          problemAt={at}
        />
      )}
      <TypePicker draft={draft} problem={isChecked && !hasTypes(draft) ? words.chooseType : at('eventTypes')} onChange={set} />
      <FilterSection
        draft={draft.filter}
        onChange={(filter) => set({ filter })}
        fields={fields}
        types={types}
        isChecked={isChecked}
        refused={faultsAt(error, 'filter')}
      />
      <MoreSettings draft={draft} onChange={set} problemAt={at} />
    </>
  );
}
