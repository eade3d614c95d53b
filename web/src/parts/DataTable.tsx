// A list of any length: only the rows in view are in the page. Rows scroll with the window; the next page is read before the
// end is reached. Where the columns have no room, a row becomes two lines.
import { createColumnHelper, rowSelectionFeature, tableFeatures, useTable } from '@tanstack/react-table';
import { useWindowVirtualizer, type VirtualItem } from '@tanstack/react-virtual';
import { type CSSProperties, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useWords } from '../words/words.tsx';
import { Button } from './Button.tsx';
import { BodyRow, Box } from './DataRow.tsx';
import './data-table.css';
import { useListMode } from './list-mode.ts';
import { useRowSeeker } from './row-focus.ts';

export interface Column<Row> {
  id: string;
  header: string;
  /** A track of CSS grid. @example 'minmax(0, 2fr)' */
  width: string;
  /** The first column holds the link of the row, with the class `row-link`: then the whole row can be clicked. */
  cell: (row: Row) => ReactNode;
  /**
   * The value says nothing by itself, as a number or a time: where columns have no heads, the head stands before it. Null: there
   * is none.
   */
  isBare?: boolean;
  /** In a row of lines: at the end of the first line; in as much of a line as is left; or not at all. */
  inList?: 'corner' | 'long' | 'hidden';
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
  /** The next page or, again, those that are there: the next page has to wait. */
  isLoading?: boolean;
  /** The last read failed: the next page is read when somebody asks for it. */
  hasFailed?: boolean;
  onMore?: () => void;
}

const features = tableFeatures({ rowSelectionFeature });
type Model<Row extends object> = ReturnType<typeof useModel<Row>>;

const usualRowPx = 37;
/** How high the rows of each list were when it was left: with them, Back finds its place at once. */
const heights = new Map<string, VirtualItem[]>();
const rowsAhead = 20;

export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, columns, idOf, nameOf = idOf, onSelect, hasMore = false, isLoading = false, hasFailed = false, onMore } = props;
  const words = useWords();
  const table = useModel(props);
  const { rows } = table.getRowModel();
  const { body, virtual } = useRowsInView(rows, label);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isLoading && !hasFailed && last >= rows.length - rowsAhead) onMore?.();
  }, [hasMore, isLoading, hasFailed, last, rows.length, onMore]);
  const tracks = [...(onSelect ? ['36px'] : []), ...columns.map(({ width }) => width)];
  const { table: frame, isList } = useListMode(tracks, label);
  return (
    <>
      <div
        role="table"
        ref={frame}
        className={`data-table${isList ? ' data-list' : ''}`}
        aria-label={label}
        aria-rowcount={hasMore ? -1 : rows.length + 1}
        style={{ '--tracks': tracks.join(' ') } as CSSProperties}
      >
        <Head table={table} columns={columns} isSelectable={onSelect !== undefined} />
        <div role="rowgroup" ref={body} className="data-body" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ key, index, start }) => {
            const row = rows[index];
            if (!row) return null;
            const place = { index, top: start - virtual.options.scrollMargin, measure: virtual.measureElement };
            return <BodyRow key={key} row={row} columns={columns} {...place} {...(onSelect && { name: nameOf(row.original) })} />;
          })}
        </div>
      </div>
      {hasMore && (
        <Button onPress={() => onMore?.()} isPending={isLoading}>
          {words.loadMore}
        </Button>
      )}
    </>
  );
}

/** Columns and selection, as TanStack Table knows them. */
function useModel<Row extends object>({ rows, columns, idOf, selected, onSelect }: DataTableProps<Row>) {
  const rowSelection = useMemo(() => Object.fromEntries([...(selected ?? [])].map((id) => [id, true as const])), [selected]);
  return useTable({
    features,
    data: rows as Row[],
    columns: useMemo(() => columnsOf(columns), [columns]),
    getRowId: idOf,
    state: { rowSelection },
    onRowSelectionChange: (change) => {
      const after = typeof change === 'function' ? change(rowSelection) : change;
      onSelect?.(new Set(Object.keys(after).filter((id) => after[id])));
    },
  });
}

function columnsOf<Row extends object>(columns: readonly Column<Row>[]) {
  const helper = createColumnHelper<typeof features, Row>();
  return columns.map(({ id, header, cell }) => helper.display({ id, header, cell: ({ row }) => cell(row.original) }));
}

/** `body`: the element that holds the rows; it begins somewhere below the top of the window. */
function useRowsInView(rows: readonly { id: string }[], label: string) {
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  // at each render: what stands above it may have grown
  useLayoutEffect(() => setTop(body.current ? Math.round(body.current.getBoundingClientRect().top + window.scrollY) : 0));
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => usualRowPx,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => rows[index]?.id ?? index,
    initialMeasurementsCache: heights.get(label) ?? [],
  });
  useEffect(() => () => void heights.set(label, virtual.takeSnapshot()), [label, virtual]);
  useRowSeeker((id) => {
    const index = rows.findIndex((row) => row.id === id);
    if (index >= 0) virtual.scrollToIndex(index, { align: 'center' });
  });
  return { body, virtual };
}

interface HeadProps<Row extends object> {
  table: Model<Row>;
  columns: readonly Column<Row>[];
  isSelectable: boolean;
}

function Head<Row extends object>({ table, columns, isSelectable }: HeadProps<Row>) {
  const words = useWords();
  return (
    <div role="rowgroup" className="data-head">
      <div role="row" className="data-row" aria-rowindex={1}>
        {isSelectable && (
          <div role="columnheader" className="data-cell data-select">
            <Box
              label={words.selectAll}
              text={<span className="data-name">{words.selectAll}</span>}
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
  );
}
