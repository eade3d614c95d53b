-- A request whose kept connection closed before a byte of an answer is sent once more within its attempt. The attempt shows that, because the receiver
-- may have got the event twice.
alter table attempts add column reconnected boolean not null default false;
