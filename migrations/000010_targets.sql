-- What leads to an endpoint and opens it - URL, headers, credentials - is sealed by the vault: a path or a header often is a secret. Only the host is kept in
-- sight, for lists and for Temporal. SQL cannot seal, so what was there before is sealed at the next start (src/db/keys/unsealed.ts), and these two columns
-- are null ever after.
alter table endpoints rename column url to unsealed_url;
alter table endpoints alter column unsealed_url drop not null;
alter table endpoints rename column headers to unsealed_headers;
alter table endpoints alter column unsealed_headers drop not null, alter column unsealed_headers drop default;
alter table endpoints
  add column sealed bytea,
  add column host text not null default 'unknown host',
  -- how the body is written, and how it is signed (null: Standard Webhooks v1)
  add column format text not null default 'standard',
  add column signing jsonb;
