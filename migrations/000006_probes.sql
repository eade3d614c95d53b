-- Whether an attempt was a probe: made only to learn whether its endpoint takes anything again. Refused, it spends nothing, so the numbers of a delivery's
-- attempts repeat, and whoever reads them is to know why.

alter table attempts add column probe boolean not null default false;
