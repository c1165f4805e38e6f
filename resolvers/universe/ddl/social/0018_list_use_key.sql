-- Every table has a primary key that holds the key by which a sharded store spreads its rows: without one,
-- shards cannot be rebalanced. A number may be used twice on a day, so a count of the rows is part of it.
ALTER TABLE social.list_use
    ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY,
    ADD PRIMARY KEY (number, id);
DROP INDEX social.list_use_of_number;
