create table orders as select number, number % 97 as price from generate_series(1, 1000000) as number;
