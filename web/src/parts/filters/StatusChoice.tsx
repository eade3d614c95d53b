// Chooses statuses of deliveries; none chosen: all.
import type { DeliveryStatus } from '@posthorn/client';
import { useWords } from '../../words/words.tsx';
import { Checkbox } from '../Field.tsx';
import { Popup } from '../Popup.tsx';
import { Status } from '../Status.tsx';

export interface StatusChoiceProps {
  all: readonly DeliveryStatus[];
  chosen: readonly DeliveryStatus[];
  onChange: (chosen: DeliveryStatus[]) => void;
}

export function StatusChoice({ all, chosen, onChange }: StatusChoiceProps) {
  const words = useWords();
  const [first] = chosen;
  const text = first === undefined ? 'any' : chosen.length === 1 ? words.status[first] : `${chosen.length} chosen`;
  const toggle = (status: DeliveryStatus) => onChange(all.filter((one) => (one === status) !== chosen.includes(one)));
  return (
    <div className="field">
      <span className="field-label" aria-hidden>
        Status
      </span>
      <Popup
        label="Status"
        text={
          <>
            <span className="visually-hidden">Status: </span>
            {text}
          </>
        }
      >
        {() =>
          all.map((status) => (
            <Checkbox key={status} label={<Status status={status} />} checked={chosen.includes(status)} onChange={() => toggle(status)} />
          ))
        }
      </Popup>
    </div>
  );
}
