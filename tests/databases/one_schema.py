"""One patch of portable changes, one logical schema on every database (A11)."""

from databases import ALL
from description import logic
from installation import DatabaseSite

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
    <insert-rows table="forum">
      <row><set column="id">1</set><set column="name">General</set><set column="num">3</set></row>
      <row><set column="id">2</set><set column="name">Größe; "quoted"</set><set column="num" null="true"/></row>
    </insert-rows>"""

SECOND = """\
    <rename-table name="thread" to="topic"/>
    <rename-column table="forum" name="num" to="topics"/>
    <drop-column table="forum" name="legacy"/>
    <add-column table="forum" name="description"><varchar size="200"/></add-column>
    <update-rows table="forum"><set column="topics">0</set><where column="topics" null="true"/></update-rows>
    <alter-column table="forum" name="topics" null="false" default="0"/>
    <alter-column table="topic" name="title"><varchar size="160"/></alter-column>
    <create-index table="topic" name="topic_title"><column>title</column><column>forum</column></create-index>
    <rename-index table="topic" name="thread_made" to="topic_made"/>
    <create-table name="member">
      <column name="forum"><integer null="false"/></column>
      <column name="person"><integer null="false"/></column>
      <primary-key><column>forum</column></primary-key>
    </create-table>
    <drop-primary-key table="member"/>
    <add-primary-key table="member"><column>forum</column><column>person</column></add-primary-key>
    <add-foreign-key table="member" name="member_forum" to="forum" on-delete="cascade"><column to="id">forum</column></add-foreign-key>
    <create-view name="open_topic">SELECT id, title FROM topic WHERE state = 'open'</create-view>"""


def one_patch_leads_to_one_logical_schema_and_the_same_rows():
    schemas, rows = {}, {}
    for kind in ALL:
        with kind() as database, DatabaseSite(database) as site:
            site.pack("0", "1", FIRST)
            site.pack("1", "2", SECOND)
            site.apply_for_good(site.archives)
            schemas[kind.dialect] = logic(database)
            rows[kind.dialect] = database.rows("SELECT id, name, topics, description FROM forum ORDER BY id")
    expected = schemas["sqlite"]
    for dialect, schema in schemas.items():
        assert schema == expected, f"{dialect}: {sorted(schema ^ expected)}"
        assert rows[dialect] == [("1", "General", "3", None), ("2", 'Größe; "quoted"', "0", None)], rows[dialect]
    print(f"       {len(expected)} things of the schema are the same on {', '.join(schemas)}")


STORIES = [one_patch_leads_to_one_logical_schema_and_the_same_rows]
