// A list of any length: only the rows in view are in the page. Rows scroll with the window; the next page is read before the
// end is reached. Under 720 px a row becomes two lines.
import { createColumnHelper, rowSelectionFeature, tableFeatures, useTable } from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';
import './data-table.css';

export interface Column<Row> {
  id: string;
  header: string;
  /** A track of CSS grid. @example 'minmax(0, 2fr)' */
  width: string;
  /** The first column holds the link of the row, with the class `row-link`: then the whole row can be clicked. */
  cell: (row: Row) => ReactNode;
}

export interface DataTableProps<Row> {
  /** For screen readers: what is listed. */
  label: string;
  /** Must not change between renders without need, and so must `columns`. */
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  idOf: (row: Row) => string;
  /** What a row is called by the box that selects it. */
  nameOf?: (row: Row) => string;
  selected?: ReadonlySet<string>;
  /** Makes rows selectable. */
  onSelect?: (selected: ReadonlySet<string>) => void;
  hasMore?: boolean;
  isLoadingMore?: boolean;
  onMore?: () => void;
}

const features = tableFeatures({ rowSelectionFeature });
const usualRowPx = 37;
const rowsAhead = 20;

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, rows, columns, idOf, nameOf = idOf, selected, onSelect, hasMore = false, isLoadingMore = false, onMore } = props;
  const words = useWords();
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(body.current ? body.current.getBoundingClientRect().top + window.scrollY : 0), []);
  const table = useTable({
    features,
    data: rows as Row[],
    columns: useMemo(() => columnsOf(columns), [columns]),
    getRowId: idOf,
    state: { rowSelection: Object.fromEntries([...(selected ?? [])].map((id) => [id, true])) },
    onRowSelectionChange: (change) => {
      const before = Object.fromEntries([...(selected ?? [])].map((id) => [id, true as const]));
      const after = typeof change === 'function' ? change(before) : change;
      onSelect?.(new Set(Object.keys(after).filter((id) => after[id])));
    },
  });
  const models = table.getRowModel().rows;
  const virtual = useWindowVirtualizer({
    count: models.length,
    estimateSize: () => usualRowPx,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => models[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isLoadingMore && last >= models.length - rowsAhead) onMore?.();
  }, [hasMore, isLoadingMore, last, models.length, onMore]);
  const tracks = [...(onSelect ? ['36px'] : []), ...columns.map(({ width }) => width)].join(' ');
  return (
    <div
      role="table"
      className="data-table"
      aria-label={label}
      aria-rowcount={hasMore ? -1 : models.length + 1}
      style={{ '--tracks': tracks } as CSSProperties}
    >
      <div role="rowgroup" className="data-head">
        <div role="row" className="data-row" aria-rowindex={1}>
          {onSelect && (
            <div role="columnheader" className="data-cell data-select">
              <input
                type="checkbox"
                aria-label={words.selectAll}
                checked={table.getIsAllRowsSelected()}
                onChange={table.getToggleAllRowsSelectedHandler()}
              />
            </div>
          )}
          {columns.map(({ id, header }) => (
            <div key={id} role="columnheader" className="data-cell">
              {header}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" ref={body} className="data-body" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = models[item.index];
          if (!row) return null;
          return (
            <div
              key={item.key}
              role="row"
              ref={virtual.measureElement}
              className={`data-row${row.getIsSelected() ? ' data-row-selected' : ''}`}
              data-index={item.index}
              data-row={row.id}
              aria-rowindex={item.index + 2}
              style={{ transform: `translateY(${item.start - virtual.options.scrollMargin}px)` }}
            >
              {onSelect && (
                <div role="cell" className="data-cell data-select">
                  <input
                    type="checkbox"
                    aria-label={`${words.selectRow} ${nameOf(row.original)}`}
                    checked={row.getIsSelected()}
                    onChange={row.getToggleSelectedHandler()}
                  />
                </div>
              )}
              {row.getAllCells().map((cell) => (
                <div key={cell.id} role="cell" className="data-cell">
                  <table.FlexRender cell={cell} />
                </div>
              ))}
            </div>
          );
        })}
      </div>
      {hasMore && (
        <Button onPress={() => onMore?.()} isPending={isLoadingMore}>
          {words.loadMore}
        </Button>
      )}
    </div>
  );
}

function columnsOf<Row extends object>(columns: readonly Column<Row>[]) {
  const helper = createColumnHelper<typeof features, Row>();
  return columns.map(({ id, header, cell }) => helper.display({ id, header, cell: ({ row }) => cell(row.original) }));
}
