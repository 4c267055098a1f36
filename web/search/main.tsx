/** @file The search page of a server: asks the server that it came from. */
import { startTheme } from "../parts/theme.js";
import { HttpSearchClient } from "./http-search-client.js";
import { showSearchPage } from "./search-page.js";

startTheme();
showSearchPage(document.getElementById("page") as HTMLElement, new HttpSearchClient(document.baseURI));
