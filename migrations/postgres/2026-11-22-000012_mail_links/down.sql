DROP TABLE mail_budgets;
DROP TABLE mail_links;
