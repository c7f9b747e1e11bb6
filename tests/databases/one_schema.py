"""One patch of portable changes, one logical schema on four databases (A11)."""

from databases import ALL, Firebird
from description import logic
from installation import REFUSED, DatabaseSite

FIRST = """\
    <create-table name="forum">
      <column name="id"><integer auto="true"/></column>
      <column name="name"><varchar size="80" null="false" default=""/></column>
      <column name="num"><integer/></column>
      <column name="legacy"><text/></column>
      <primary-key><column>id</column></primary-key>
      <unique name="forum_name"><column>name</column></unique>
    </create-table>
    <create-table name="thread">
      <column name="id"><bigint auto="true"/></column>
      <column name="forum"><integer null="false"/></column>
      <column name="title"><varchar size="80" null="false"/></column>
      <column name="price"><decimal precision="10" scale="2" null="false" default="0.00"/></column>
      <column name="open"><boolean null="false" default="true"/></column>
      <column name="made"><timestamp null="false" default-now="true"/></column>
      <column name="day"><date/></column>
      <column name="body"><text size="medium"/></column>
      <column name="image"><blob/></column>
      <column name="settings"><json/></column>
      <column name="token"><uuid/></column>
      <column name="state"><enum default="open"><word>open</word><word>closed</word></enum></column>
      <primary-key><column>id</column></primary-key>
      <index name="thread_made"><column order="descending">made</column></index>
      <unique name="thread_token"><column>token</column></unique>
      <foreign-key name="thread_forum" to="forum" on-delete="cascade"><column to="id">forum</column></foreign-key>
      <check name="thread_price">price &gt;= 0</check>
    </create-table>
    <create-table name="member">
      <column name="forum"><integer null="false"/></column>
      <column name="person"><integer null="false"/></column>
      <primary-key><column>forum</column></primary-key>
    </create-table>
    <insert-rows table="forum">
      <row><set column="id">1</set><set column="name">General</set><set column="num">3</set></row>
      <row><set column="id">2</set><set column="name">Größe; "quoted"</set><set column="num" null="true"/></row>
    </insert-rows>"""

SECOND = """\
    <rename-column table="forum" name="num" to="topics"/>
    <drop-column table="forum" name="legacy"/>
    <add-column table="forum" name="description"><varchar size="200"/></add-column>
    <update-rows table="forum"><set column="topics">0</set><where column="topics" null="true"/></update-rows>
    <alter-column table="forum" name="topics" null="false" default="0"/>
    <alter-column table="thread" name="title"><varchar size="160"/></alter-column>
    <create-index table="thread" name="thread_title"><column>title</column><column>forum</column></create-index>
    <rename-index table="thread" name="thread_made" to="thread_age"/>
    <drop-primary-key table="member"/>
    <add-primary-key table="member"><column>forum</column><column>person</column></add-primary-key>
    <add-foreign-key table="member" name="member_forum" to="forum" on-delete="cascade"><column to="id">forum</column></add-foreign-key>
    <create-view name="open_thread">SELECT id, title FROM thread WHERE state = 'open'</create-view>"""

# Firebird can't rename a table, and its dialect says so before anything happens.
THIRD = """\
    <drop-view name="open_thread"/>
    <rename-table name="thread" to="topic"/>
    <create-view name="open_topic">SELECT id, title FROM topic WHERE state = 'open'</create-view>"""


def one_patch_leads_to_one_logical_schema_and_the_same_rows():
    schemas = {}
    for kind in [*ALL, Firebird]:
        with kind() as database, DatabaseSite(database) as site:
            # One by one: Firebird names a primary key itself, so nobody can say how to drop one that is not there yet.
            site.apply_for_good(site.pack("0", "1", FIRST))
            site.apply_for_good(site.pack("1", "2", SECOND))
            schemas[kind.dialect] = logic(database)
            rows = database.rows("SELECT id, name, topics, description FROM forum ORDER BY id")
            assert rows == [("1", "General", "3", None), ("2", 'Größe; "quoted"', "0", None)], f"{kind.dialect}: {rows}"
            third = site.pack("2", "3", THIRD)
            if kind is Firebird:
                told = "".join(site.apply(third, expect=REFUSED))
                assert "can't rename a table" in told and logic(database) == schemas[kind.dialect], told
            else:
                site.apply_for_good(third)
                renamed = {line.replace("thread", "topic") for line in schemas[kind.dialect]}
                assert logic(database) == renamed, f"{kind.dialect}: {logic(database) ^ renamed}"
    expected = schemas["sqlite"]
    for dialect, schema in schemas.items():
        assert schema == expected, f"{dialect}: {sorted(schema ^ expected)}"
    print(f"       {len(expected)} things of the schema are the same on {', '.join(schemas)}")


STORIES = [one_patch_leads_to_one_logical_schema_and_the_same_rows]
