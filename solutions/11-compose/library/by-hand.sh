# What your colleague types on a Monday, in this order.
docker network create reading-room
docker volume create books

docker run -d --name shelf --network reading-room -v books:/data -v "$PWD/library:/library" \
  -e SHELF_PASSWORD=quiet-please redis:8.0 sh /library/shelf.sh

# … a cup of tea, until the shelf is dusted …
docker run -d --name desk --network reading-room -p 127.0.0.1:9130:3000 -v "$PWD/library:/library" \
  -e SHELF=shelf -e SHELF_PASSWORD=quiet-please -e HOURS="9 to 5" --restart unless-stopped \
  node:24-slim node /library/desk.js

# Now and then, a list of all books:
docker run --rm --network reading-room -v "$PWD/library:/library" \
  -e SHELF=shelf -e SHELF_PASSWORD=quiet-please node:24-slim node /library/desk.js list
