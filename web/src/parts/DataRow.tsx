// A row of a DataTable, and the box that selects it.
import { memo, type ReactNode } from 'react';
import { useWords } from '../words/words.tsx';
import type { Column } from './DataTable.tsx';

interface BodyRowProps<Row extends object> {
  row: { id: string; original: Row; getIsSelected: () => boolean; getToggleSelectedHandler: () => (event: unknown) => void };
  columns: readonly Column<Row>[];
  index: number;
  /** Pixels from the top of the body. */
  top: number;
  measure: (element: HTMLElement | null) => void;
  /** Present: the row can be selected. */
  name?: string;
}

export function BodyRow<Row extends object>({ row, columns, index, top, measure, name }: BodyRowProps<Row>) {
  const words = useWords();
  return (
    <div
      role="row"
      ref={measure}
      className={`data-row${row.getIsSelected() ? ' data-row-selected' : ''}`}
      data-index={index}
      data-row={row.id}
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${top}px)` }}
    >
      {name !== undefined && (
        <div role="cell" className="data-cell data-select">
          <Box label={`${words.selectRow} ${name}`} checked={row.getIsSelected()} onChange={row.getToggleSelectedHandler()} />
        </div>
      )}
      <Cells row={row.original} columns={columns} />
    </div>
  );
}

interface BoxProps {
  label: string;
  /** Beside it. */
  text?: ReactNode;
  checked: boolean;
  onChange: (event: unknown) => void;
}

/** All of its cell can be pressed. */
export function Box({ label, text, ...props }: BoxProps) {
  return (
    <label>
      <input type="checkbox" aria-label={label} {...props} />
      {text}
    </label>
  );
}

interface CellsProps<Row> {
  row: Row;
  columns: readonly Column<Row>[];
}

/** Only a row that has changed is drawn again: a live list changes several times a second. */
const Cells = memo(function Cells<Row>({ row, columns }: CellsProps<Row>) {
  return columns.map(({ id, header, cell, isBare, inList }) => {
    const value = cell(row);
    const isNone = isBare && value === null;
    return (
      <div key={id} role="cell" className={`data-cell${inList ? ` data-${inList}` : ''}${isNone ? ' data-none' : ''}`}>
        {isBare && <span className="data-name">{header} </span>}
        {isNone ? <span className="quiet">–</span> : value}
      </div>
    );
  });
}) as <Row>(props: CellsProps<Row>) => ReactNode;
