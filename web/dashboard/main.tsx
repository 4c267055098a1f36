/** @file The training dashboard: live from the server that it came from, or a report that carries its data. */
import { render } from "preact";
import { startTheme } from "../parts/theme.js";
import { DashboardPage } from "./dashboard-page.js";
import { embeddedHistory, LiveHistory } from "./history-source.js";

startTheme();
const page = document.getElementById("page") as HTMLElement;
const embedded = embeddedHistory();
if (embedded !== null) render(<DashboardPage history={embedded} connection="report" />, page);
else {
  const live = new LiveHistory((history, connection) => {
    render(<DashboardPage history={history} connection={connection} />, page);
  });
  live.start();
}
