// The statements on `invoices`.

/** A pool or a client of `pg`. */
export interface Database {
  // biome-ignore lint/suspicious/noExplicitAny: as in the types of `pg`
  query(text: string, values?: any[]): Promise<{ rows: any[]; rowCount: number | null }>;
}

export interface Order {
  orderId: string;
  customer: string;
  /** Decimal, as text: a number would be rounded. */
  total: string;
}

export interface Invoice extends Order {
  number: string;
}

/** Does nothing if the order has an invoice. */
export async function writeInvoice(db: Database, { orderId, customer, total }: Order): Promise<void> {
  await db.query('insert into invoices (order_id, customer, total) values ($1, $2, $3) on conflict (order_id) do nothing', [
    orderId,
    customer,
    total,
  ]);
}

/** False: there is no such invoice yet. */
export async function amendInvoice(db: Database, { orderId, total }: Pick<Order, 'orderId' | 'total'>): Promise<boolean> {
  return ((await db.query('update invoices set total = $2 where order_id = $1', [orderId, total])).rowCount ?? 0) > 0;
}

/** The oldest invoice that was not mailed. It stays locked until the transaction ends, and others skip it. */
export async function lockUnmailed(tx: Database): Promise<Invoice | undefined> {
  const { rows } = await tx.query(
    'select number::text, order_id as "orderId", customer, total::text from invoices where mailed_at is null order by number limit 1 for update skip locked',
  );
  return rows[0];
}

export async function markMailed(tx: Database, { orderId }: Pick<Order, 'orderId'>): Promise<void> {
  await tx.query('update invoices set mailed_at = now() where order_id = $1', [orderId]);
}
