-- How the portal of a link looks, and which sites may embed it (docs/embedding.md).

-- Logos, once for each tenant and image: links are made for each visit, and mostly have the same one.
create table portal_logos (
  tenant_id uuid not null references tenants,
  hash bytea not null, -- SHA-256 of the image's text
  image text not null, -- a data: URL
  used_at timestamptz not null default now(), -- when a link was last made with it
  primary key (tenant_id, hash)
);
select open_to_tenants('portal_logos', 'select, insert, update (used_at)', 'tenant_id = current_tenant()');

alter table portal_links
  add column theme jsonb not null default '{}', -- accent, radius, mode
  add column logo_hash bytea,
  add column language text,
  add column origins text[] not null default '{}'; -- sites that may embed it; empty: none
