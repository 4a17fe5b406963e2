"""The stand-in for mongo: what MongoDB's shell asks is answered as MongoDB does, or refused in words.

Where the Hub's mongo is here instead, the tests of what is refused are left out; all others hold for both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from image_runs import container, have, inside, logged, says

from course import engine
from course.kit import recipes

if TYPE_CHECKING:
    from docker.models.containers import Container

TAG = "mongo:8.0"
LOGIN = ("-u", "admin", "-p", "secret", "--authenticationDatabase", "admin")
ROOT = {"MONGO_INITDB_ROOT_USERNAME": "admin", "MONGO_INITDB_ROOT_PASSWORD": "secret"}
READY = "Waiting for connections"


@contextmanager
def mongo(environment: dict[str, str] = ROOT, **options: Any) -> Iterator[Container]:
    """A server that listens."""
    with container(TAG, environment=environment, **options) as run:
        logged(f'"{READY}"', run, stream="stdout")
        yield run


@pytest.fixture(scope="module")
def server() -> Iterator[Container]:
    """One server with a login for the tests of this file; each uses a database of its own."""
    with mongo() as run:
        yield run


def ask(server: Container, script: str, *login: str, code: int = 0) -> str:
    """What the shell prints for *script*."""
    words = ("mongosh", "--quiet", *(login or LOGIN), "--eval", script)
    return inside(server, *words, code=code).strip()


def answers(server: Container, database: str, *steps: str) -> list[Any]:
    """What each of *steps* gives in *database*, as JSON; a refused one gives its code."""
    tried = ", ".join(f"() => {step}" for step in steps)
    script = f"""
        const t = db.getSiblingDB("{database}");
        const given = [{tried}].map((step) => {{
          try {{ return step() ?? null; }} catch (error) {{ return error.code; }}
        }});
        print(EJSON.stringify(given, {{relaxed: true}}));
    """
    found: list[Any] = json.loads(ask(server, script).splitlines()[-1])
    return found


@pytest.fixture
def stand_in() -> None:
    """Leave a test out where real MongoDB is here: it can do what the stand-in refuses."""
    if recipes.STAND_IN_LABEL not in have(TAG).labels:
        pytest.skip("this is MongoDB itself")


# who gets in ---------------------------------------------------------------------------------------------


def test_ping_needs_no_login_and_reading_does(server: Container) -> None:
    """A health check has no password; data is not shown without."""
    nobody = ("--norc",)
    assert ask(server, 'db.adminCommand("ping").ok', *nobody) == "1"
    assert "Command find requires authentication" in ask(server, "db.users.find()", *nobody, code=1)


def test_both_mechanisms_know_the_password_and_refuse_another(server: Container) -> None:
    """SCRAM-SHA-256 and SCRAM-SHA-1 let admin in; a wrong password or name is code 18."""
    who = "db.runCommand({connectionStatus: 1}).authInfo.authenticatedUsers[0].user"
    for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-1"):
        assert ask(server, who, *LOGIN, "--authenticationMechanism", mechanism) == "admin"
    for user, word in (("admin", "wrong"), ("nobody", "secret"), ("admin", "")):
        refused = ask(server, "1", "-u", user, f"--password={word}", "--norc", code=1)
        assert "Authentication failed" in refused or "password" in refused
    assert "Authentication failed" in ask(server, "1", "mongodb://admin:secret@localhost/shop", code=1)


def test_without_a_root_user_nobody_is_asked(server: Container) -> None:
    """As in the official image: no user, no login."""
    with mongo({}) as free:
        assert ask(free, "db.fruit.insertOne({_id: 1}).insertedId", "--norc") == "1"


def test_half_a_root_user_is_refused() -> None:
    """A name without a password ends it, with the official words."""
    text = says(TAG, code=1, environment={"MONGO_INITDB_ROOT_USERNAME": "admin"})
    assert "missing 'MONGO_INITDB_ROOT_USERNAME' or 'MONGO_INITDB_ROOT_PASSWORD'" in text


def test_a_password_comes_from_a_file_and_stays_what_it_was_at_first() -> None:
    """The _FILE form counts, and on old data a new password in the environment changes nothing."""
    volume = engine.client().volumes.create()
    mounted: dict[str, Any] = {"volumes": [f"{volume.name}:/data/db"]}
    from_file = {"MONGO_INITDB_ROOT_USERNAME": "admin", "MONGO_INITDB_ROOT_PASSWORD_FILE": "/run/word"}
    try:
        with mongo(from_file, files={"/run/word": "secret\n"}, **mounted) as first:
            assert ask(first, "db.fruit.insertOne({_id: 7}).insertedId") == "7"
            first.stop()
            assert first.wait()["StatusCode"] == 0
        with mongo({**ROOT, "MONGO_INITDB_ROOT_PASSWORD": "another"}, **mounted) as second:
            assert ask(second, "db.fruit.findOne()._id") == "7"
            # Not asked to end, but cut off: what was confirmed is still there.
            assert ask(second, "db.fruit.insertOne({_id: 8}).insertedId") == "8"
            second.kill()
        with mongo(**mounted) as third:
            assert ask(third, "db.fruit.countDocuments()") == "2"
    finally:
        volume.remove()


def test_a_second_server_on_the_same_data_is_refused() -> None:
    """Two servers on one volume would spoil it: the second ends."""
    volume = engine.client().volumes.create()
    mounted: dict[str, Any] = {"volumes": [f"{volume.name}:/data/db"]}
    try:
        with mongo(**mounted), container(TAG, environment=ROOT, **mounted) as second:
            assert second.wait(timeout=60)["StatusCode"] == 100
    finally:
        volume.remove()


def test_it_is_built_like_the_official_image(server: Container) -> None:
    """User 999, two volumes, one port, no health check of its own."""
    config = have(TAG).attrs["Config"]
    assert sorted(config["Volumes"]) == ["/data/configdb", "/data/db"]
    assert list(config["ExposedPorts"]) == ["27017/tcp"] and "Healthcheck" not in config
    assert inside(server, "stat", "--format", "%u %u", "/proc/1", "/data/db").split() == ["999"] * 4


# what it answers -----------------------------------------------------------------------------------------


def test_documents_are_found_by_what_they_hold(server: Container) -> None:
    """Comparisons, arrays, patterns, dotted paths; sort, skip, limit, projection."""
    fruit = (
        '[{_id: 1, name: "fig", n: 3, tags: ["a", "b"], at: {x: 1}}, {_id: 2, name: "plum", n: 5, tags: []},'
        ' {_id: 3, name: "kiwi", n: 7.5, when: new Date(0)}, {_id: 4, name: "fig", n: null}]'
    )
    ids = "map((one) => one._id)"
    assert answers(
        server,
        "finding",
        f"t.f.insertMany({fruit}).acknowledged",
        f"t.f.find({{n: {{$gt: 3}}}}).toArray().{ids}",
        f't.f.find({{tags: "b"}}).toArray().{ids}',
        f't.f.find({{"at.x": 1}}).toArray().{ids}',
        f"t.f.find({{n: null}}).toArray().{ids}",
        f"t.f.find({{name: /^F/i, _id: {{$in: [1, 4, 9]}}}}).toArray().{ids}",
        f't.f.find({{$or: [{{name: "plum"}}, {{when: {{$exists: true}}}}]}}).toArray().{ids}',
        f"t.f.find().sort({{name: 1, _id: -1}}).skip(1).limit(2).toArray().{ids}",
        "t.f.find({_id: 1}, {name: 1}).toArray()",
        "t.f.findOne({_id: 1}, {_id: 0, tags: 0, at: 0})",
        "[t.f.countDocuments(), t.f.countDocuments({_id: 1}), t.f.estimatedDocumentCount()]",
        't.f.distinct("name").sort()',
        't.f.aggregate([{$match: {n: {$gt: 0}}}, {$group: {_id: null, sum: {$sum: "$n"}}}]).toArray()',
        "t.none.find().toArray()",
    ) == [
        True, [2, 3], [1], [1], [4], [1, 4], [2, 3], [1, 3], [{"_id": 1, "name": "fig"}],
        {"name": "fig", "n": 3}, [4, 1, 4], ["fig", "kiwi", "plum"], [{"_id": None, "sum": 15.5}], [],
    ]  # fmt: skip


def test_a_long_answer_comes_in_parts(server: Container) -> None:
    """A cursor gives all of 1200 documents, in order, whatever the size of the parts."""
    assert answers(
        server,
        "parts",
        "t.many.insertMany([...Array(1200).keys()].map((_id) => ({_id}))).acknowledged",
        "t.many.find().toArray().every((one, at) => one._id === at)",
        "t.many.find().batchSize(7).toArray().length",
        "t.runCommand({getMore: Long(987654), collection: 'many'})",
    ) == [True, True, 1200, 43]


def test_documents_are_changed_as_asked(server: Container) -> None:
    """Operators, upserts (fields in the order of their names), replacement, one, many, find and change."""
    assert answers(
        server,
        "changing",
        't.u.updateOne({userid: 1}, {$set: {name: "Ana", email: "e"}, $setOnInsert: {n: 1}}, {upsert: true})'
        ".upsertedCount",
        "Object.keys(t.u.findOne({userid: 1}))",
        't.u.updateOne({userid: 1}, {$set: {name: "Ana"}}).modifiedCount',
        't.u.updateOne({userid: 1}, {$inc: {n: 2}, $push: {tags: "a"}, $unset: {email: ""}}).modifiedCount',
        "t.u.findOne({userid: 1}, {_id: 0})",
        't.u.updateOne({tags: "a"}, {$set: {"tags.$": "b", "at.x": 1}}).modifiedCount',
        't.u.replaceOne({userid: 1}, {userid: 1, name: "Bo"}).modifiedCount',
        't.u.insertMany([{_id: 2, n: 1}, {_id: 3, n: 1}]).acknowledged',
        "t.u.updateMany({n: 1}, {$mul: {n: 5}}).matchedCount",
        't.u.findOneAndUpdate({_id: 2}, {$inc: {n: 1}}, {returnDocument: "after"})',
        "t.u.findOneAndDelete({_id: 3}).n",
        "t.u.deleteMany({n: {$gte: 1}}).deletedCount",
        "t.u.find({}, {_id: 0}).toArray()",
    ) == [
        1, ["_id", "userid", "email", "n", "name"], 0, 1, {"userid": 1, "n": 3, "name": "Ana", "tags": ["a"]},
        1, 1, True, 2, {"_id": 2, "n": 6}, 5, 1, [{"userid": 1, "name": "Bo"}],
    ]  # fmt: skip


def test_one_document_stays_one(server: Container) -> None:
    """An _id and a unique index are kept, _id can't be changed, and a list stops at what is refused."""
    assert answers(
        server,
        "unique",
        "t.u.insertOne({_id: 1, mail: 'a'}).insertedId",
        "t.u.insertOne({_id: 1})",
        "t.u.createIndex({mail: 1}, {unique: true})",
        "t.u.insertOne({_id: 2, mail: 'a'})",
        "t.u.updateOne({_id: 1}, {$set: {_id: 9}})",
        "t.u.insertMany([{_id: 3, mail: 'c'}, {_id: 1}, {_id: 4, mail: 'd'}])",
        "t.u.countDocuments()",
        "t.u.getIndexes().map((index) => index.name)",
        "t.u.dropIndex('mail_1').ok",
        "t.u.insertOne({_id: 5, mail: 'a'}).insertedId",
    ) == [1, 11000, "mail_1", 11000, 66, 11000, 2, ["_id_", "mail_1"], 1, 5]


def test_databases_and_collections_come_and_go(server: Container) -> None:
    """Made by a write or by hand, listed, renamed, dropped."""
    assert answers(
        server,
        "comings",
        "t.createCollection('one').ok",
        "t.createCollection('one')",
        "t.two.insertOne({_id: 1}).insertedId",
        "t.two.renameCollection('three').ok",
        "t.getCollectionNames().sort()",
        "db.adminCommand({listDatabases: 1}).databases.some((one) => one.name === 'comings')",
        "t.one.drop()",
        "t.dropDatabase().ok",
        "t.getCollectionNames()",
        "db.adminCommand({listDatabases: 1}).databases.some((one) => one.name === 'comings')",
    ) == [1, 48, 1, 1, ["one", "three"], True, True, 1, [], False]


def test_values_come_back_as_what_they_were(server: Container) -> None:
    """Numbers of each kind, dates, ids, bytes, patterns, and letters of every script."""
    value = """{
      _id: 1, whole: Int32(1), real: Double(1), long: Long("7"), id: ObjectId("65f000000000000000000001"),
      when: new Date(5), bytes: Binary.createFromBase64("AAEC", 0), like: /a/i, none: null, yes: true,
      text: "Zoë 山田 🐳", list: [1, [2], {a: {}}] }"""
    same = "EJSON.stringify(t.v.findOne(), {relaxed: false}) === EJSON.stringify(given, {relaxed: false})"
    script = f"(() => {{ const given = {value}; t.v.insertOne(given); return {same}; }})()"
    assert answers(server, "values", script) == [True]


def test_an_unknown_command_is_code_59(server: Container) -> None:
    """And one that a driver didn't make is refused as MongoDB does."""
    refused = [
        "t.runCommand({nonsense: 1})",
        "t.u.updateOne({}, {$bogus: {a: 1}})",
        "t.u.find({a: {$bogus: 1}}).toArray()",
    ]
    assert answers(server, "unknown", *refused) == [59, 9, 2]


# what it can't do -----------------------------------------------------------------------------------------

REFUSED = {
    "t.createUser({user: 'x', pwd: 'y', roles: []})": 59,
    "t.u.insertOne({price: NumberDecimal('1.5')})": 238,
    "t.u.insertOne({big: Long('9223372036854775807')})": 238,
    "t.u.find({$where: 'true'}).toArray()": 238,
    "t.u.aggregate([{$out: 'x'}]).toArray()": 238,
    "t.u.aggregate([{$lookup: {from: 'x', pipeline: [{$merge: 'y'}], as: 'z'}}]).toArray()": 238,
    "t.u.aggregate([{$indexStats: {}}]).toArray()": 40324,
    "t.u.find().explain()": 59,
    "t.u.find().collation({locale: 'de'}).toArray()": 40415,
    "t.createCollection('c', {capped: true, size: 4096})": 40415,
    "t.createView('v', 'u', [])": 40415,
    "t.u.createIndex({at: 1}, {expireAfterSeconds: 5})": 238,
    "t.u.createIndex({text: 'text'})": 238,
}


@pytest.mark.usefixtures("stand_in")
def test_what_it_cant_do_is_refused_in_words(server: Container) -> None:
    """Each gives an error and changes nothing, and the README lists it."""
    assert dict(zip(REFUSED, answers(server, "refused", *REFUSED), strict=True)) == REFUSED
    assert answers(server, "refused", "t.u.countDocuments()", "t.getCollectionNames()") == [0, []]
    assert "stand-in" in ask(server, "try { db.u.find().explain() } catch (error) { print(error.message) }")


@pytest.mark.usefixtures("stand_in")
def test_options_and_scripts_that_it_lacks_end_it() -> None:
    """An unknown option, or a file in /docker-entrypoint-initdb.d, is not passed over."""
    assert "takes only --auth" in says(TAG, "--replSet", "rs0", code=2)
    script = {"/docker-entrypoint-initdb.d/one.js": "db.a.insertOne({})"}
    assert "does not run the files" in says(TAG, code=1, environment=ROOT, files=script)


@pytest.mark.usefixtures("stand_in")
def test_what_doesnt_speak_its_protocol_is_cut_off_and_others_go_on(server: Container) -> None:
    """Noise, a huge length and half a message end that connection only."""
    noise = "printf '\\377\\377\\377\\377GET / HTTP/1.1\\r\\n\\r\\n' > /dev/tcp/127.0.0.1/27017"
    half = "printf '\\100\\0\\0\\0' > /dev/tcp/127.0.0.1/27017"
    inside(server, "bash", "-c", f"{noise}; {half}")
    assert ask(server, 'db.adminCommand("ping").ok', "--norc") == "1"
    server.reload()
    assert server.status == "running"
