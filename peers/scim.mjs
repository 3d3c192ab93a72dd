// A SCIM 2.0 server (RFC 7644) by scimmy-routers, with users and groups in
// memory. It says where it listens on its first line.
//   node scim.mjs TOKEN
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";
import { randomUUID } from "node:crypto";

const [token] = process.argv.slice(2);

// keep declares a resource whose records are in memory. The filter of scimmy
// wants the lists that it is asked about to be there: defaults.
function keep(resource, defaults = {}) {
  const records = new Map();
  const find = (id) => {
    const found = records.get(id);
    if (!found) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
    return found;
  };
  SCIMMY.Resources.declare(resource)
    .ingress(async ({ id }, data) => {
      const record = { ...data, id: id ? find(id).id : randomUUID() };
      for (const [name, value] of Object.entries(defaults)) record[name] ??= value;
      records.set(record.id, record);
      return record;
    })
    .egress(async ({ id, filter }) => {
      if (id) return find(id);
      const all = [...records.values()];
      return filter ? filter.match(all) : all;
    })
    .degress(async ({ id }) => {
      records.delete(find(id).id);
    });
}
keep(SCIMMY.Resources.User);
keep(SCIMMY.Resources.Group, { members: [] });

const app = express();
// The router makes numbers of these in a query that Express 5 reads anew each
// time, and so loses them.
app.set("query parser", (text) => {
  const query = Object.fromEntries(new URLSearchParams(text ?? ""));
  for (const name of ["startIndex", "count"]) if (query[name]) query[name] = Number(query[name]);
  return query;
});
app.use("/scim", new SCIMMYRouters({
  type: "bearer",
  handler: (request) => {
    if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("who are you?");
    return "hasta";
  },
}));
const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/scim`));
