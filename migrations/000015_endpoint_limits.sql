-- How many endpoints a tenant may have: without a limit one portal link could turn every event of its tenant into thousands of requests.
-- Only callers that are bound to no tenant may change it, so tenants get no right to write this column.
alter table tenants add column max_endpoints int not null default 100;

-- Where an endpoint's access tokens are asked for, which is a request to that host too: the URL itself is sealed.
alter table endpoints add column token_host text;
