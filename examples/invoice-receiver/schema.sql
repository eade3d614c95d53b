create table if not exists invoices (
  number bigint generated always as identity,
  -- one invoice for each order, whatever arrives how often
  order_id text primary key,
  customer text not null,
  total numeric not null,
  created_at timestamptz not null default now(),
  -- null: accounting has not been told
  mailed_at timestamptz
);

create index if not exists invoices_to_mail on invoices (number) where mailed_at is null;
