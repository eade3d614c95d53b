// The row of filters over a list, and the filters that have no field of their own, each with a button that removes it.
import type { ReactNode } from 'react';
import { Button } from '../Button.tsx';
import './filters.css';

export interface Chip {
  /** What it is, such as "Endpoint". */
  name: string;
  /** Also tells chips of one name apart. */
  id: string;
  value: ReactNode;
  onRemove: () => void;
}

export interface FiltersProps {
  chips: Chip[];
  /** Undefined: there is nothing to clear. */
  onClear: (() => void) | undefined;
  children: ReactNode;
}

export function Filters({ chips, onClear, children }: FiltersProps) {
  return (
    <search className="filters" aria-label="Filters">
      <div className="filters-fields">{children}</div>
      {(chips.length > 0 || onClear) && (
        <div className="filters-chips">
          <Chips chips={chips} />
          {onClear && (
            <Button tone="quiet" onPress={onClear}>
              Clear filters
            </Button>
          )}
        </div>
      )}
    </search>
  );
}

function Chips({ chips }: { chips: Chip[] }) {
  return chips.map(({ name, id, value, onRemove }) => (
    <Button key={`${name} ${id}`} onPress={onRemove} aria-label={`Remove the filter ${name} ${id}`}>
      <span className="filters-chip">
        <span className="quiet">{name}</span> {value}
      </span>
      <span aria-hidden>✕</span>
    </Button>
  ));
}
