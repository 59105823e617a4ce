DROP TABLE unread_notices;
DROP TABLE notices;
